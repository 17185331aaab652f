import { randomInt } from 'node:crypto';
import { SwapError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { Logger } from '../../core/log.ts';
import { join, makeRunId, partitionPath, stagedCopiesDirectory, stagedName } from '../../partition/names.ts';
import type { FileRef, FileStatus, Store } from '../../store/store.ts';
import type { FileToAdd } from '../../swap/directories/build-new.ts';
import { swapDirectories } from '../../swap/directories/swap-directories.ts';
import { isOnHold } from '../../swap/hold.ts';
import { acquireLock, type PartitionLock, withLock } from '../../swap/partition-lock.ts';
import { recoverPartition } from '../../swap/recover.ts';
import { reproduceAttributes } from '../../swap/reproduce-attributes.ts';
import { deleteDirectorySurely, makeDirectorySurely } from '../../swap/sure-steps.ts';
import { workspaceMode } from '../../swap/workspace.ts';
import type { ReplicaOutcome } from '../../telemetry/partition-result.ts';
import type { VerificationReceipt } from '../../verify/verified-file.ts';
import { copyOutput, sha256Of } from './copy-output.ts';
import { receiptsOf } from './receipts-of.ts';
import { planReplica, type ReplicaPlan, verifiedOutputs } from './replica-plan.ts';

/** One of the two places of a partition. */
export interface ReplicaSide {
  readonly store: Store;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
}

/** Which partition to copy. */
export interface ReplicateRequest {
  readonly primary: ReplicaSide;
  readonly replica: ReplicaSide;
  readonly date: string;
  readonly toolVersion: string;
  readonly allowAttributeChange: boolean;
  /** Aborted, with the error to end with as its reason, when copying should break off; a swap at the replica then still ends. */
  readonly stop: AbortSignal;
  readonly log: Logger;
}

/**
 * Brings the replica of a partition up to date: every file of it that was merged and verified is copied, compared by
 * SHA-256, and put into the replica in one swap, together with taking out the files whose rows it holds. The partition itself is
 * only read. Takes the replica's lock; what an earlier copy that died had left there is settled first.
 * @throws SwapError `primary-differs`, `replica-differs`, `replica-doubtful`, `name-taken`, `lock-held` and those of a swap; ConfigError
 *   `base-path-absent` when there is no replica's base path; StoreError. The partition itself is untouched in every case.
 */
export async function replicatePartition(request: ReplicateRequest): Promise<ReplicaOutcome> {
  const { primary, replica, date, log, stop } = request;
  const found = await recoverPartition({ ...primary, date, log, dryRun: true });
  const open = found.find(({ action }) => action !== 'nothing');
  if (open !== undefined) return outcome('later', `it is copied once this is over: ${open.sentence}`);
  if ((await isOnHold(primary.store, primary.basePath, date)) !== undefined) {
    return outcome(
      'nothing',
      'the partition was undone; the replica stays as it was until it is merged again',
    );
  }
  const seen = await lookAtPrimary(request);
  if (verifiedOutputs(seen.entries, seen.receipts).length === 0) {
    return outcome('nothing', 'no file of the partition was merged');
  }
  const runId = makeRunId(await replica.store.nowMs(), randomInt(2 ** 24));
  const lock = await acquireLock({ ...replica, date, runId, log });
  return await withLock(lock, log, async () => {
    const plan = await compared(request, await planOf(request, seen));
    const staging = stagedCopiesDirectory(replica.basePath, date);
    if (plan.copy.length > 0 && plan.doubts.length > 0) throw doubtful(replica, date, plan.doubts);
    if (plan.copy.length === 0 && plan.remove.length === 0) {
      await clearStaging(replica, date);
      return outcome('current', `the replica has all ${plan.current} merged files`);
    }
    await makeDirectorySurely(replica.store, staging, workspaceMode);
    const added: FileToAdd[] = [];
    let bytes = 0;
    for (const output of plan.copy) {
      const { name } = output.file;
      await lock.assertHeld();
      const stagedPath = join(staging, stagedName(name));
      const copied = await copyOutput({ from: primary.store, to: replica.store, output, stagedPath, stop });
      bytes += copied.sentBytes;
      const { owner, group, mode, acl } = output.file;
      const attributes = { owner, group, mode, acl };
      added.push({ name, sourcePath: stagedPath, ref: copied.ref, take: 'rename', attributes });
    }
    stop.throwIfAborted();
    await putInPlace(request, lock, plan, added, seen.directory);
    await clearStaging(replica, date);
    return {
      result: 'copied',
      files: plan.copy.length,
      bytes,
      removed: plan.remove.length,
      sentence: `the replica has all ${plan.current + plan.copy.length} merged files`,
    };
  });
}

interface SeenPrimary {
  readonly directory: FileStatus | undefined;
  readonly entries: readonly FileStatus[];
  readonly receipts: Awaited<ReturnType<typeof receiptsOf>>;
}

async function lookAtPrimary({ primary, date, log }: ReplicateRequest): Promise<SeenPrimary> {
  const { store, basePath } = primary;
  const path = partitionPath(basePath, date);
  return {
    receipts: await receiptsOf(store, basePath, date, log),
    directory: await store.stat(path),
    entries: (await store.list(path)) ?? [],
  };
}

async function planOf({ replica, date, log }: ReplicateRequest, seen: SeenPrimary): Promise<ReplicaPlan> {
  const { store, basePath } = replica;
  return planReplica({
    primary: seen.entries,
    receipts: seen.receipts,
    replica: (await store.list(partitionPath(basePath, date))) ?? [],
    copies: await receiptsOf(store, basePath, date, log),
  });
}

/** The plan once the bytes of files were compared that somebody else had brought to the replica. */
async function compared(request: ReplicateRequest, plan: ReplicaPlan): Promise<ReplicaPlan> {
  const { replica, date, stop } = request;
  let current = plan.current;
  for (const { output, found } of plan.compare) {
    const sha256 = await sha256Of(replica.store, found, stop);
    if (sha256 !== output.proof.sha256) throw taken(replica, date, output.file, output.proof, sha256);
    current++;
  }
  const remove = [...plan.remove];
  for (const { found, proof } of plan.superseded) {
    const sha256 = await sha256Of(replica.store, found, stop);
    if (sha256 !== proof.sha256) throw taken(replica, date, found, proof, sha256);
    remove.push(found);
  }
  return { ...plan, compare: [], current, superseded: [], remove };
}

async function clearStaging({ store, basePath }: ReplicaSide, date: string): Promise<void> {
  await deleteDirectorySurely(store, stagedCopiesDirectory(basePath, date));
}

async function putInPlace(
  { replica, date, toolVersion, allowAttributeChange, log }: ReplicateRequest,
  lock: PartitionLock,
  plan: ReplicaPlan,
  added: readonly FileToAdd[],
  directory: FileStatus | undefined,
): Promise<void> {
  const path = partitionPath(replica.basePath, date);
  // A partition that is empty at first, so that there is one way for all.
  if ((await replica.store.stat(path)) === undefined) {
    await makeDirectorySurely(replica.store, path, directory?.mode ?? 0o755);
    if (directory !== undefined) {
      await reproduceAttributes(replica.store, path, directory, allowAttributeChange, log);
    }
  }
  await swapDirectories({
    store: replica.store,
    lock,
    basePath: replica.basePath,
    partitionPath: path,
    kind: 'replicate',
    removed: plan.remove,
    added,
    verification: plan.copy.map(({ proof }) => proof),
    keepBackup: false,
    toolVersion,
    allowAttributeChange,
    log,
  });
}

function taken(
  { store, basePath }: ReplicaSide,
  date: string,
  { name }: FileRef,
  proof: VerificationReceipt,
  found: string,
): SwapError {
  const path = `${store.uri}${join(partitionPath(basePath, date), name)}`;
  return new SwapError(
    `${path} is another file than the one of that name in the partition: expected SHA-256 ${proof.sha256}, found ${found}`,
    {
      code: 'name-taken',
      exitCode: exitCodes.unsupportedInput,
      dataState: 'the partition itself is not concerned, and the replica is as it was',
      hint: `move ${path} away, then run again`,
    },
  );
}

/** Most files that a message names. */
const maxNamed = 3;

function doubtful({ store, basePath }: ReplicaSide, date: string, doubts: readonly string[]): SwapError {
  const path = `${store.uri}${partitionPath(basePath, date)}`;
  const more = doubts.length > maxNamed ? `; and ${doubts.length - maxNamed} more` : '';
  return new SwapError(`rows could be twice in ${path}: ${doubts.slice(0, maxNamed).join('; ')}${more}`, {
    code: 'replica-doubtful',
    exitCode: exitCodes.unsupportedInput,
    dataState: 'the partition itself is not concerned, and the replica is as it was',
    hint: 'take out of the replica, or out of that partition of it, what the dataset has in other files by now, then run again',
  });
}

function outcome(result: ReplicaOutcome['result'], sentence: string): ReplicaOutcome {
  return { result, files: 0, bytes: 0, removed: 0, sentence };
}
