import { mapConcurrently } from '../../core/concurrency.ts';
import { StoreError } from '../../core/errors.ts';
import { elementsAt, memberAt, numberAt, textAt } from '../../core/json-fields.ts';
import { compareNames } from '../../core/name-order.ts';
import type { FileStatus, NameRange } from '../store.ts';
import type { WebHdfsClient } from './client.ts';
import { type RemoteStatus, remoteStatus } from './file-status.ts';
import { type Looks, orNothing } from './look.ts';

/** Entries completed (ACLs) at the same time. */
const looksAtOnce = 16;

/** How often a listing of several pages is begun again because the directory changed meanwhile. */
const maxListings = 4;

/** More than the server's time may be off. */
const stillMs = 2_000;

/**
 * The entries of a directory as the NameNode tells them, in byte order of names; undefined when it is absent. A listing
 * beyond one page (1,000 entries unless `dfs.ls.limit` says otherwise) is no snapshot: one is taken
 * again while the directory's time shows that it changed in between, a few times, and then taken as it is.
 * @param range what is wanted; of other pages nothing is asked
 */
export async function listRemote(
  client: WebHdfsClient,
  looks: Looks,
  directory: string,
  range: NameRange = everything,
): Promise<readonly RemoteStatus[] | undefined> {
  return orNothing(readWhole(client, looks, directory, range));
}

/** No name is empty, and none has a byte 0xff. */
const everything: NameRange = { after: '', upTo: '\u{10ffff}' };

async function readWhole(
  client: WebHdfsClient,
  looks: Looks,
  directory: string,
  range: NameRange,
): Promise<readonly RemoteStatus[]> {
  const askedMs = performance.now();
  const first = await readPage(client, directory, range.after);
  if (isLastPage(first, range)) return inByteOrder(first.entries);
  let entries: readonly RemoteStatus[] = [];
  let before = await looks.remote(directory, 'list');
  for (let attempt = 1; attempt <= maxListings; attempt++) {
    const isStill = attempt === 1 && wasStill(client, before, askedMs);
    entries = await readPages(client, directory, range, isStill ? first.entries : []);
    const after = await looks.remote(directory, 'list');
    const isWhole =
      before?.status.fileId === after?.status.fileId &&
      before?.status.modifiedAtMs === after?.status.modifiedAtMs;
    if (isWhole) break;
    before = after;
  }
  return inByteOrder(entries);
}

/** True when the directory had not changed for a while when we asked: then what was told before `found` belongs to it too. */
function wasStill({ clock }: WebHdfsClient, found: RemoteStatus | undefined, askedMs: number): boolean {
  const nowMs = performance.now();
  const serverMs = clock.timeAt(nowMs);
  if (found === undefined || serverMs === undefined) return false;
  return found.status.modifiedAtMs < serverMs - (nowMs - askedMs) - stillMs;
}

/** The same, completed with ACLs and storage policies. An entry that goes away meanwhile is left out. */
export async function listStatuses(
  client: WebHdfsClient,
  looks: Looks,
  directory: string,
  range?: NameRange,
): Promise<readonly FileStatus[] | undefined> {
  const entries = await listRemote(client, looks, directory, range);
  if (entries === undefined) return undefined;
  const isComplete = (entry: RemoteStatus): boolean => !entry.hasAcl && entry.storagePolicyId === 0;
  if (entries.every(isComplete)) return entries.map((entry) => entry.status);
  const statuses = await mapConcurrently(entries, looksAtOnce, (entry) => orNothing(looks.complete(entry)));
  return statuses.filter((status) => status !== undefined);
}

interface Page {
  readonly entries: readonly RemoteStatus[];
  /** Entries after these. */
  readonly remaining: number;
}

/** All entries of the range; `known` are the first ones, if they are known. */
async function readPages(
  client: WebHdfsClient,
  directory: string,
  range: NameRange,
  known: readonly RemoteStatus[],
): Promise<readonly RemoteStatus[]> {
  const all = [...known];
  for (let startAfter = known.at(-1)?.status.name ?? range.after; ; ) {
    const page = await readPage(client, directory, startAfter);
    all.push(...page.entries);
    const last = page.entries.at(-1);
    if (last === undefined || isLastPage(page, range)) return all;
    startAfter = last.status.name;
  }
}

function isLastPage({ entries, remaining }: Page, { upTo }: NameRange): boolean {
  const last = entries.at(-1);
  return remaining === 0 || last === undefined || compareNames(last.status.name, upTo) >= 0;
}

async function readPage(client: WebHdfsClient, directory: string, startAfter: string): Promise<Page> {
  const call = {
    method: 'GET',
    path: directory,
    op: 'list',
    attempt: `list ${client.uri}${directory}`,
  } as const;
  try {
    const json = await client.json({ ...call, operation: 'LISTSTATUS_BATCH', parameters: { startAfter } });
    const listing = memberAt(json, 'DirectoryListing');
    const statuses = elementsAt(listing, 'partialListing', 'FileStatuses', 'FileStatus');
    return { entries: entriesOf(statuses, directory), remaining: numberAt(listing, 'remainingEntries') ?? 0 };
  } catch (error) {
    // Older than Hadoop 2.9.
    if (!(error instanceof StoreError) || error.code !== 'not-supported') throw error;
    const json = await client.json({ ...call, operation: 'LISTSTATUS' });
    return { entries: entriesOf(elementsAt(json, 'FileStatuses', 'FileStatus'), directory), remaining: 0 };
  }
}

function entriesOf(statuses: readonly unknown[] | undefined, directory: string): readonly RemoteStatus[] {
  if (statuses === undefined) {
    throw new StoreError(`cannot list ${directory}: the answer is no listing`, {
      code: 'not-webhdfs',
      op: 'list',
      path: directory,
    });
  }
  return statuses.map((json) => {
    const name = textAt(json, 'pathSuffix') ?? '';
    if (name === '') {
      throw new StoreError(`cannot list ${directory}: it is not a directory`, {
        code: 'is-a-file',
        op: 'list',
        path: directory,
      });
    }
    return remoteStatus(json, directory === '/' ? `/${name}` : `${directory}/${name}`);
  });
}

/** HDFS lists in this order; another server may not. */
function inByteOrder(entries: readonly RemoteStatus[]): readonly RemoteStatus[] {
  const isOrdered = entries.every((entry, i) => {
    const before = entries[i - 1];
    return before === undefined || compareNames(before.status.name, entry.status.name) < 0;
  });
  return isOrdered ? entries : entries.toSorted((a, b) => compareNames(a.status.name, b.status.name));
}
