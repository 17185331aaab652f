import { mapConcurrently } from '../../core/concurrency.ts';
import { StoreError } from '../../core/errors.ts';
import { elementsAt, textAt } from '../../core/json-fields.ts';
import type { FileStatus, FoldObstacle } from '../store.ts';
import { ancestorsOf } from './ancestors.ts';
import type { WebHdfsClient } from './client.ts';
import { encryptionZoneOf } from './encryption-zone.ts';
import type { RemoteStatus } from './file-status.ts';
import { listRemote } from './listing.ts';
import type { Looks } from './look.ts';
import { remoteQuotas } from './quotas.ts';
import type { WhoAsks } from './who-asks.ts';

/** Snapshots looked into at the same time. */
const looksAtOnce = 8;

/** Where the files are, and what is to be done with them. */
export interface ObstacleContext {
  readonly client: WebHdfsClient;
  readonly looks: Looks;
  readonly who: WhoAsks;
  /** Full path of the directory that staged files come from and originals go to; it need not be there. */
  readonly workspace: string;
  /** The directory is replaced by a new one, instead of its files. */
  readonly isReplacedWhole: boolean;
}

/** What the use of a rename instead of a fold is told as. */
const orRename = '; or use --swap rename, which takes the partition away for some milliseconds';

/**
 * What keeps these files of one directory from being swapped, as far as it can be seen. Of files, what CONCAT refuses
 * (`FSDirConcatOp.verifySrcFiles`): a comma in a name (the list is split there), another erasure coding than the file they are
 * joined to, encryption, being in a snapshot. Of the directory, what no way of swapping overcomes: a sticky bit, and what a new directory would lose. A
 * file that is open for writing cannot be seen; CONCAT refuses it then.
 */
export async function remoteObstacles(
  context: ObstacleContext,
  directory: string,
  files: readonly FileStatus[],
): Promise<readonly FoldObstacle[]> {
  const line = await ancestorStatuses(context.looks, directory);
  const ofFiles = await fileObstacles(context, line, directory, files);
  const here = line.at(-1);
  if (here === undefined) return ofFiles;
  return [
    ...ofFiles,
    ...(await stickyObstacles(context, here, files)),
    ...(context.isReplacedWhole ? await directoryObstacles(context, line, here) : []),
  ];
}

/** The directory and those above it, from the root down. */
async function ancestorStatuses(looks: Looks, directory: string): Promise<readonly RemoteStatus[]> {
  const found = await Promise.all(ancestorsOf(directory).map((path) => looks.remote(path, 'list')));
  return found.filter((one) => one !== undefined);
}

async function fileObstacles(
  { client, looks, workspace }: ObstacleContext,
  line: readonly RemoteStatus[],
  directory: string,
  files: readonly FileStatus[],
): Promise<readonly FoldObstacle[]> {
  const inSnapshots = await snapshotOf(client, looks, line, directory);
  const coding = await codingOf(looks, line, files, workspace);
  const here = line.at(-1);
  return files.flatMap((file) => {
    const found: FoldObstacle[] = [];
    const add = (rule: string, reason: string): void => {
      found.push({ path: file.path, rule, reason: reason + orRename, stopsRename: false });
    };
    if (file.path.includes(',')) {
      add('comma-in-name', 'its path has a comma, where HDFS splits the list of files to join; rename it');
    }
    if (file.erasureCoding !== coding) {
      add(
        'erasure-coded',
        `it is ${kindOf(file.erasureCoding)}, what is written in ${workspace} is ${kindOf(coding)}, and HDFS joins only files ` +
          'of one kind; set one policy for the whole dataset (hdfs ec -setPolicy)',
      );
    }
    // An erasure-coded file may be encrypted too, and is told as the former.
    if (file.keptAs === 'encrypted' || here?.isEncrypted === true) {
      add('encryption-zone', 'it lies in an encryption zone, where HDFS joins no files');
    }
    const snapshot = inSnapshots.get(file.fileId);
    if (snapshot !== undefined) {
      add(
        'in-snapshot',
        `it is in the snapshot ${snapshot}, and HDFS joins no files that a snapshot holds; delete the snapshot ` +
          '(hdfs dfs -deleteSnapshot) or wait until it has gone',
      );
    }
    return found;
  });
}

/** The erasure coding policy of what is written in the workspace; undefined where it is replicated. */
async function codingOf(
  looks: Looks,
  line: readonly RemoteStatus[],
  files: readonly FileStatus[],
  workspace: string,
): Promise<string | undefined> {
  const isAny = [...files, ...line].some(({ erasureCoding }) => erasureCoding !== undefined);
  if (!isAny) return undefined;
  const there = await looks.remote(workspace, 'list');
  const base = workspace.slice(0, workspace.lastIndexOf('/')) || '/';
  return (there ?? line.find(({ status }) => status.path === base))?.erasureCoding;
}

function kindOf(coding: string | undefined): string {
  return coding === undefined ? 'replicated' : `erasure-coded (${coding})`;
}

/** For every file of the directory that is in a snapshot: its fileId, and the path of one such snapshot. */
async function snapshotOf(
  client: WebHdfsClient,
  looks: Looks,
  line: readonly RemoteStatus[],
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const roots = line.filter((found) => found.isSnapshottable);
  const snapshots = (
    await mapConcurrently(roots, looksAtOnce, async ({ status: { path } }) => {
      const root = path === '/' ? '' : path;
      const entries = (await listRemote(client, looks, `${root}/.snapshot`)) ?? [];
      return entries.map(({ status }) => ({
        snapshot: status.path,
        directory: status.path + directory.slice(root.length),
      }));
    })
  ).flat();
  const found = new Map<string, string>();
  await mapConcurrently(snapshots, looksAtOnce, async (place) => {
    for (const { status } of (await listRemote(client, looks, place.directory)) ?? []) {
      found.set(status.fileId, place.snapshot);
    }
  });
  return found;
}

/**
 * In a directory with the sticky bit only owners may take files away. A NameNode minds that for CONCAT, when all the work is
 * done, and does not mind it for RENAME: so it is minded here, for both.
 */
async function stickyObstacles(
  { who }: ObstacleContext,
  { status: directory }: RemoteStatus,
  files: readonly FileStatus[],
): Promise<readonly FoldObstacle[]> {
  if ((directory.mode & 0o1000) === 0) return [];
  const user = await who.userName();
  if (user === directory.owner || files.every((file) => file.owner === user)) return [];
  if ((await who.isSuperuser()) === true) return [];
  return files
    .filter((file) => file.owner !== user)
    .map((file) => ({
      path: file.path,
      rule: 'sticky-directory',
      reason:
        `it belongs to ${file.owner}, and its directory has the sticky bit (mode ${directory.mode.toString(8)}), so that ` +
        `${user} may not replace files of others; run as ${file.owner} or ${directory.owner}, or take the bit away ` +
        '(hdfs dfs -chmod -t)',
      stopsRename: true,
    }));
}

/** What a directory has that a new one in its place would not have. */
async function directoryObstacles(
  { client, looks, workspace }: ObstacleContext,
  line: readonly RemoteStatus[],
  here: RemoteStatus,
): Promise<readonly FoldObstacle[]> {
  const { path } = here.status;
  const above = line.at(-2);
  const found: FoldObstacle[] = [];
  const add = (rule: string, reason: string): void => {
    found.push({ path, rule, reason, stopsRename: true });
  };
  if (here.isSnapshottable) {
    add(
      'snapshottable',
      'snapshots may be taken of it, which a directory in its place would not have; allow them of the dataset instead ' +
        '(hdfs dfsadmin -disallowSnapshot, -allowSnapshot)',
    );
  }
  if (here.isEncrypted) {
    const zone = await encryptionZoneOf(client, looks, path);
    const base = workspace.slice(0, workspace.lastIndexOf('/')) || '/';
    const other = await encryptionZoneOf(client, looks, base);
    if (zone !== other) {
      add(
        'zone-differs',
        `it lies in the encryption zone ${zone}, and ${workspace} lies in ${other ?? 'none'}: HDFS moves no file from one ` +
          'to the other, and staged files would not be encrypted with its key; make one zone of the whole dataset ' +
          '(hdfs crypto -createZone)',
      );
    }
  }
  if (here.erasureCoding !== above?.erasureCoding) {
    add(
      'own-erasure-coding',
      `it has the erasure coding policy ${here.erasureCoding ?? '(replication)'} of its own, which a directory in its place ` +
        'would not have; set it on the dataset instead (hdfs ec -setPolicy)',
    );
  }
  if (here.storagePolicyId !== above?.storagePolicyId) {
    const policy = (await looks.policyName(here.storagePolicyId)) ?? 'the default';
    add(
      'own-storage-policy',
      `it has a storage policy of its own (${policy}), which a directory in its place would not have; set it on the dataset ` +
        'instead (hdfs storagepolicies -setStoragePolicy)',
    );
  }
  const ownQuotas = (await remoteQuotas(client, looks)(path)).quotas.filter((quota) => quota.path === path);
  if (ownQuotas.length > 0) {
    add(
      'own-quota',
      'it has a quota of its own, which a directory in its place would not have; set it on the dataset instead ' +
        '(hdfs dfsadmin -setQuota, -setSpaceQuota)',
    );
  }
  const attributes = await extendedAttributes(client, path);
  if (attributes.length > 0) {
    add(
      'own-attributes',
      `it has extended attributes (${attributes.join(', ')}), which a directory in its place would not have; remove them ` +
        '(hdfs dfs -setfattr -x)',
    );
  }
  return found;
}

async function extendedAttributes(client: WebHdfsClient, path: string): Promise<readonly string[]> {
  try {
    const json = await client.json({
      method: 'GET',
      operation: 'LISTXATTRS',
      path,
      op: 'list',
      attempt: `list the extended attributes of ${client.uri}${path}`,
    });
    // The names come as JSON within the JSON.
    const names: unknown = JSON.parse(textAt(json, 'XAttrNames') ?? '[]');
    return (elementsAt({ names }, 'names') ?? []).filter((name) => typeof name === 'string');
  } catch (error) {
    // `dfs.namenode.xattrs.enabled` is off: then there are none.
    if (error instanceof StoreError && error.remoteException !== undefined && !error.retryable) {
      if (error.code === 'not-supported' || /XAttrs has been disabled/.test(error.message)) return [];
    }
    throw error;
  }
}
