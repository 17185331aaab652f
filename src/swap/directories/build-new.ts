import { exitCodes } from '../../core/exit-codes.ts';
import type { Logger } from '../../core/log.ts';
import {
  join,
  maxNameBytes,
  newDirectory,
  sidecarName,
  stagedName,
  summaryNames,
} from '../../partition/names.ts';
import type { PartitionPlan } from '../../plan/partition-plan.ts';
import {
  type FileAttributes,
  type FileRef,
  type FileStatus,
  refOf,
  type Store,
  sameGeneration,
} from '../../store/store.ts';
import type { VerificationReceipt } from '../../verify/verified-file.ts';
import { forAll } from '../for-all.ts';
import type { AddedRef, DirectorySwapJournal } from '../journal.ts';
import type { PartitionLock } from '../partition-lock.ts';
import { partitionChanged, refusal, stagedChanged } from '../refusals.ts';
import { reproduceAttributes } from '../reproduce-attributes.ts';
import { copySurely, hardLinkSurely, renameSurely } from '../sure-steps.ts';
import { compareListing } from './compare-listing.ts';

/** Copies go through this process, and each takes a buffer and two connections. */
const copiesAtOnce = 8;

/** A file that shall be in the partition after the swap. */
export interface FileToAdd {
  /** Name it gets in the partition. */
  readonly name: string;
  readonly sourcePath: string;
  /** The generation it must be. */
  readonly ref: FileRef;
  /**
   * rename: it is ours and leaves its place. link: it stays there as well. copy: its bytes stay there as well, for stores
   * without hard links; the new file gets `attributes`.
   */
  readonly take: 'rename' | 'link' | 'copy';
  /** Set before it becomes visible; absent for a file that keeps what it has. */
  readonly attributes?: FileAttributes;
  readonly binIndex?: number;
}

/** One swap: these files out, those in, everything else as it is. */
export interface SwapRequest {
  readonly store: Store;
  readonly lock: PartitionLock;
  readonly basePath: string;
  readonly partitionPath: string;
  readonly kind: DirectorySwapJournal['kind'];
  /** Files to take out, at the generations they must have. */
  readonly removed: readonly FileRef[];
  readonly added: readonly FileToAdd[];
  readonly verification: readonly VerificationReceipt[];
  readonly plan?: PartitionPlan;
  readonly undoneRunId?: string;
  readonly keepBackup: boolean;
  readonly toolVersion: string;
  /** Store time at which the run began with the partition. */
  readonly begunAtMs?: number;
  readonly allowAttributeChange: boolean;
  readonly log: Logger;
}

/**
 * Builds the partition as it will be in the run's `new/`, every file under a staged name, and resolves to the
 * journal of the swap, which is not written yet. The partition itself is only read.
 * @throws SwapError `partition-changed`, `partition-absent`, `partition-not-flat`, `name-too-long`, `name-taken`,
 *   `staged-file-changed`, `attributes-not-reproducible`; each leaves the originals untouched
 */
export async function buildNew(request: SwapRequest): Promise<DirectorySwapJournal> {
  const { store, lock, partitionPath, removed, added } = request;
  const partition = await store.stat(partitionPath);
  const entries = partition?.kind === 'directory' ? await store.list(partitionPath) : undefined;
  if (partition === undefined || entries === undefined) {
    throw refusal(
      'partition-absent',
      `${partitionPath} is not there, or is no directory`,
      'nothing need be done',
    );
  }
  const leaving = sortLeaving(entries, removed);
  assertFlat(partitionPath, leaving.carried);
  assertNames(partitionPath, entries, added);
  assertUnchanged(partitionPath, entries, leaving);
  assertFree(partitionPath, leaving.carried, added);

  const fresh = newDirectory(lock.runDirectory);
  const isCopied = added.some(({ take }) => take === 'copy');
  await forAll(
    added,
    (file) => add(request, file, join(fresh, stagedName(file.name))),
    isCopied ? copiesAtOnce : undefined,
  );
  // Elsewhere they are moved along once the partition is out of its place.
  const linked = store.abilities.hardLink ? leaving.carried : [];
  await forAll(linked, (file) =>
    hardLinkSurely(store, file.path, join(fresh, stagedName(file.name)), file.fileId),
  );
  const freshStatus = await store.stat(fresh);
  if (freshStatus === undefined) await lock.assertHeld();
  const built = new Map((await store.list(fresh))?.map((entry) => [entry.name, entry]));
  const addedRefs = added.map((file): AddedRef => {
    const found = built.get(stagedName(file.name));
    const isSame = file.take === 'copy' ? found?.sizeBytes === file.ref.sizeBytes : true;
    if (found === undefined || !isSame) throw stagedChanged(file.sourcePath);
    if (file.take !== 'copy' && !sameGeneration(found, file.ref)) throw stagedChanged(file.sourcePath);
    return {
      ...refOf(found),
      name: file.name,
      ...(file.binIndex === undefined ? {} : { binIndex: file.binIndex }),
    };
  });
  const expectedCount = added.length + linked.length;
  if (freshStatus === undefined || built.size !== expectedCount) throw stagedChanged(fresh);

  const { owner, group, mode, acl, fileId } = partition;
  return {
    way: 'directories',
    kind: request.kind,
    date: lock.date,
    runId: lock.runId,
    toolVersion: request.toolVersion,
    startedAtMs: await store.nowMs(),
    ...(request.begunAtMs === undefined ? {} : { begunAtMs: request.begunAtMs }),
    partition: { owner, group, mode, acl, fileId },
    newDirectory: { fileId: freshStatus.fileId },
    removed,
    sidecars: leaving.sidecars.map(refOf),
    carried: leaving.carried.map(refOf),
    added: addedRefs,
    verification: request.verification,
    ...(request.plan === undefined ? {} : { plan: request.plan }),
    ...(request.undoneRunId === undefined ? {} : { undoneRunId: request.undoneRunId }),
    keepBackup: request.keepBackup,
  };
}

async function add(request: SwapRequest, file: FileToAdd, to: string): Promise<void> {
  const { store, allowAttributeChange, log } = request;
  const found = await store.stat(file.sourcePath);
  if (found === undefined || !sameGeneration(found, file.ref)) throw stagedChanged(file.sourcePath);
  if (file.take === 'copy') {
    // Closing it, the store proves that it holds the bytes that were sent.
    await copySurely(store, found, to);
    await reproduceAttributes(store, to, file.attributes ?? found, allowAttributeChange, log);
    return;
  }
  if (file.attributes !== undefined) {
    await reproduceAttributes(store, file.sourcePath, file.attributes, allowAttributeChange, log);
  }
  const move = file.take === 'rename' ? renameSurely : hardLinkSurely;
  await move(store, file.sourcePath, to, file.ref.fileId);
}

interface Leaving {
  readonly removed: readonly FileRef[];
  readonly sidecars: readonly FileStatus[];
  readonly carried: readonly FileStatus[];
}

/** Summary files of the directory and checksum sidecars of removed files would lie about the merged ones. */
function sortLeaving(entries: readonly FileStatus[], removed: readonly FileRef[]): Leaving {
  const removedNames = new Set(removed.map((file) => file.name));
  const describing = new Set([...removedNames, ...summaryNames].map(sidecarName).concat(summaryNames));
  const isSidecar = (entry: FileStatus): boolean => entry.kind === 'file' && describing.has(entry.name);
  return {
    removed,
    sidecars: entries.filter((entry) => !removedNames.has(entry.name) && isSidecar(entry)),
    carried: entries.filter((entry) => !removedNames.has(entry.name) && !isSidecar(entry)),
  };
}

function assertFlat(partitionPath: string, carried: readonly FileStatus[]): void {
  const special = carried.filter((entry) => entry.kind !== 'file');
  if (special.length === 0) return;
  throw refusal(
    'partition-not-flat',
    `${partitionPath} holds what cannot be carried over as it is: ` +
      special
        .map(
          (entry) =>
            `${entry.name} (${entry.kind === 'directory' ? 'a directory' : 'a link or special file'})`,
        )
        .join(', '),
    'remove it, or finish the job that made it, then run again',
    exitCodes.unsupportedInput,
  );
}

function assertNames(
  partitionPath: string,
  entries: readonly FileStatus[],
  added: readonly FileToAdd[],
): void {
  const names = [...entries, ...added].map((entry) => entry.name);
  const long = names.find((name) => Buffer.byteLength(name) > maxNameBytes);
  if (long === undefined) return;
  throw refusal(
    'name-too-long',
    `${join(partitionPath, long)}: its name has ${Buffer.byteLength(long)} bytes, at most ${maxNameBytes} leave room for a suffix`,
    'give the file a shorter name, then run again',
    exitCodes.unsupportedInput,
  );
}

function assertUnchanged(partitionPath: string, entries: readonly FileStatus[], leaving: Leaving): void {
  const { changed } = compareListing(entries, leaving);
  if (changed.length > 0) throw partitionChanged(partitionPath, changed);
}

function assertFree(
  partitionPath: string,
  carried: readonly FileStatus[],
  added: readonly FileToAdd[],
): void {
  const taken = new Set(carried.map((entry) => entry.name));
  for (const { name } of added) {
    if (taken.has(name) || name === '' || name.includes('/')) {
      throw refusal(
        'name-taken',
        `${join(partitionPath, name)}: another file has that name and is not replaced`,
        'move that file away, then run again',
      );
    }
    taken.add(name);
  }
}
