import { ConsolidatorError, StoreError, SwapError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Logger } from '../core/log.ts';
import { partitionLabel } from '../core/partition-key.ts';
import {
  attemptsDirectory,
  dateDirectory,
  journalPath,
  lockDirectory,
  lockTransitPath,
  newDirectory,
  ownerPath,
  partitionPath,
  receiptPath,
  runDirectory,
} from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { clearRunDirectory } from './clear-run.ts';
import { heartbeatMs, type LockOwner, type LockState, lookAtLock } from './lock-state.ts';
import { thisProcess } from './process-identity.ts';
import type { RecoverOutcome } from './recover-outcome.ts';
import { settleLeftovers } from './settle-leftovers.ts';
import {
  deleteDirectorySurely,
  makeDirectorySurely,
  removeEmptySurely,
  renameSurely,
  writeInPlace,
} from './sure-steps.ts';
import { ensureWorkspace, workspaceMode } from './workspace.ts';

/** The right to change one partition, held by one run. */
export interface PartitionLock {
  readonly date: string;
  readonly runId: string;
  /** Directory of this run, the place for its staged files. It is the fence: who takes the lock over renames it away. */
  readonly runDirectory: string;
  /** @throws SwapError `lock-lost` (exit code 11) when another run took over. */
  assertHeld(): Promise<void>;
  /** Deletes what the run staged and did not swap, and gives the lock back. Never throws for a lock that is lost. */
  release(): Promise<void>;
}

/** What to lock, and for whom. */
export interface LockRequest {
  readonly store: Store;
  readonly basePath: string;
  readonly date: string;
  readonly runId: string;
  /** Make the directory in which the partition is built anew; where absent, on stores that do not fold. */
  readonly makesDirectory?: boolean;
  /** Make the directory that executors write into. */
  readonly makesAttempts?: boolean;
  readonly log: Logger;
}

const maxTries = 10;

/**
 * Locks a partition, then settles whatever dead runs left there. List and plan again after it: the partition may
 * not be what it was before.
 * @throws SwapError `lock-held` (exit code 11) when a living run holds it; `foreign-state` (14) when a dead run's swap
 *   can be neither finished nor taken back without a person
 */
export async function acquireLock(request: LockRequest): Promise<PartitionLock> {
  const { lock, outcomes } = await acquireAndSettle(request);
  const blocked = outcomes.find((outcome) => outcome.needsAttention);
  if (blocked === undefined) return lock;
  await lock.release();
  throw new SwapError(blocked.sentence, {
    code: 'foreign-state',
    exitCode: exitCodes.swapInterrupted,
    dataState: 'nothing was replaced',
    ...(blocked.hint === undefined ? {} : { hint: blocked.hint }),
  });
}

/** Like {@link acquireLock}, but hands on what was settled, also what needs a person. */
export async function acquireAndSettle(
  request: LockRequest,
): Promise<{ lock: PartitionLock; outcomes: readonly RecoverOutcome[] }> {
  const { store, basePath, date, log } = request;
  const ownerFileId = await take(request);
  const lock = heldLock(request, ownerFileId);
  try {
    const outcomes = await settleLeftovers({
      store,
      basePath,
      date,
      ownRunId: request.runId,
      assertHeld: lock.assertHeld,
      log,
    });
    for (const outcome of outcomes) log.warn(outcome.sentence, { date, runId: outcome.runId });
    return { lock, outcomes };
  } catch (error) {
    return await withLock(lock, log, () => Promise.reject(error));
  }
}

/** Gets the lock directory into place; resolves to the fileId of the owner file in it. */
async function take(request: LockRequest): Promise<string> {
  const { store, basePath, date, runId, log } = request;
  const run = runDirectory(basePath, date, runId);
  const made = lockTransitPath(run, 'made');
  const lock = lockDirectory(basePath, date);
  await ensureWorkspace(store, basePath, log);
  let held: LockState | undefined;
  for (let attempt = 1; attempt <= maxTries; attempt++) {
    held = await lookAtLock(store, lock);
    if (held?.alive === true) break;
    try {
      const fileId = await makeLockDirectory(request, run, made);
      if (
        held !== undefined &&
        !(await moveLock(store, lock, lockTransitPath(run, 'taken'), held.fileId, log))
      ) {
        continue;
      }
      if (held !== undefined) await deleteDirectorySurely(store, lockTransitPath(run, 'taken'));
      const directory = await store.stat(made);
      // The holder of the lock sweeps directories of runs that do not hold it, this one too.
      if (directory === undefined) continue;
      await renameSurely(store, made, lock, directory.fileId);
      return fileId;
    } catch (error) {
      if (!(error instanceof StoreError) || (error.code !== 'exists' && error.code !== 'not-found')) {
        await forget(store, run, log);
        throw error;
      }
    }
  }
  await forget(store, run, log);
  throw lockHeld(basePath, date, held);
}

/** Makes this run's lock directory, complete but not yet in its place; resolves to the fileId of its owner file. */
async function makeLockDirectory(request: LockRequest, run: string, made: string): Promise<string> {
  const { store, runId } = request;
  await deleteDirectorySurely(store, made);
  await makeDirectorySurely(store, made, workspaceMode);
  // Made before the lock is held and never again: a holder that makes directories could undo its own fencing, which
  // consists in its run directory being gone.
  if (request.makesDirectory ?? !store.abilities.fold) {
    await makeDirectorySurely(store, newDirectory(run), workspaceMode);
  }
  if (request.makesAttempts === true) {
    await makeDirectorySurely(store, attemptsDirectory(run), workspaceMode);
  }
  const owner: LockOwner = {
    runId,
    ...thisProcess(),
    startedAt: new Date(await store.nowMs()).toISOString(),
  };
  await writeInPlace(store, ownerPath(made), `${JSON.stringify(owner)}\n`);
  const status = await store.stat(ownerPath(made));
  if (status !== undefined) return status.fileId;
  throw new StoreError(`cannot lock: ${ownerPath(made)} is gone right after it was written`, {
    code: 'not-found',
    op: 'create',
    path: ownerPath(made),
  });
}

/**
 * Moves the lock directory out of its place if it is the one whose owner file is `ownerFileId`. The move is one
 * rename, so of several runs that try only one gets it. Whoever finds that he moved another lock puts it back.
 */
async function moveLock(
  store: Store,
  lock: string,
  to: string,
  ownerFileId: string | undefined,
  log: Logger,
): Promise<boolean> {
  const directory = await store.stat(lock);
  if (directory === undefined || (await store.stat(ownerPath(lock)))?.fileId !== ownerFileId) return false;
  await renameSurely(store, lock, to, directory.fileId);
  if ((await store.stat(ownerPath(to)))?.fileId === ownerFileId) return true;
  try {
    await renameSurely(store, to, lock, directory.fileId);
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'exists') throw error;
    // A third run locked in that moment; it fences the one whose lock this was.
    log.warn(`${lock} changed hands while it was looked at`);
  }
  return false;
}

function heldLock(request: LockRequest, ownerFileId: string): PartitionLock {
  const { store, basePath, date, runId, log } = request;
  const run = runDirectory(basePath, date, runId);
  const lock = lockDirectory(basePath, date);

  const assertHeld = async (): Promise<void> => {
    const [owner, directory] = await Promise.all([store.stat(ownerPath(lock)), store.stat(run)]);
    if (owner?.fileId === ownerFileId && directory?.kind === 'directory') {
      // A long computation without a turn of the event loop has held up the heartbeat.
      if ((await store.nowMs()) - owner.modifiedAtMs > heartbeatMs) await store.touch(ownerPath(lock));
      return;
    }
    throw new SwapError(
      `run ${runId} no longer holds the lock of ${partitionPath(basePath, date)}: another run took it over, ` +
        `or somebody removed ${owner === undefined ? lock : run}`,
      {
        code: 'lock-lost',
        exitCode: exitCodes.locked,
        dataState: 'the run that took over settles what this one began; no row is lost',
        hint: `\`recover --date ${partitionLabel(date)}\` says what the other run is doing; then run again`,
      },
    );
  };

  const beat = setInterval(() => {
    assertHeld()
      .then(() => store.touch(ownerPath(lock)))
      .catch((error: unknown) => log.warn(`no sign of life for ${lock}: ${String(error)}`, { runId }));
  }, heartbeatMs);
  beat.unref();

  return {
    date,
    runId,
    runDirectory: run,
    assertHeld,
    async release() {
      clearInterval(beat);
      if ((await store.stat(run)) === undefined) return;
      // While still locked, so that nobody settles a run that is tidying up. An unsettled swap keeps its files.
      if (!(await isSettledOrOpen(store, run))) await clear(store, run, log);
      const released = lockTransitPath(run, 'released');
      await moveLock(store, lock, released, ownerFileId, log);
      await deleteDirectorySurely(store, released);
      await removeEmptySurely(store, run);
      await removeEmptySurely(store, dateDirectory(basePath, date));
    },
  };
}

/** Removes the directory of a run that did not get the lock. */
async function forget(store: Store, run: string, log: Logger): Promise<void> {
  await clear(store, run, log);
  await removeEmptySurely(store, run);
}

/** Deletes what was staged, as far as that is possible; the next run deletes the rest. */
async function clear(store: Store, run: string, log: Logger): Promise<void> {
  try {
    await clearRunDirectory(store, run, { keepDirectory: true });
  } catch (error) {
    if (!(error instanceof ConsolidatorError)) throw error;
    log.warn(`could not remove everything from ${run}: ${error.message}`);
  }
}

/** True when the run has a journal or a receipt: then its files are named by it and stay. */
async function isSettledOrOpen(store: Store, run: string): Promise<boolean> {
  return (
    (await store.stat(journalPath(run))) !== undefined || (await store.stat(receiptPath(run))) !== undefined
  );
}

/** Errors that say in which state a begun swap is. */
const toldInFull = new Set(['lock-lost', 'swap-interrupted', 'foreign-state', 'stopped-folded']);

/**
 * The reason of a failure under a lock: where files are not what they were because the lock is lost, that is the
 * reason.
 */
export async function reasonUnder(lock: PartitionLock, error: unknown): Promise<unknown> {
  const maySayLess =
    (error instanceof StoreError && !error.retryable) ||
    (error instanceof SwapError && !toldInFull.has(error.code));
  if (!maySayLess) return error;
  try {
    await lock.assertHeld();
    return error;
  } catch (lost) {
    return lost instanceof SwapError ? lost : error;
  }
}

/** Does `work` under the lock and releases it; an error of `work` is never hidden by one of the release. */
export async function withLock<T>(lock: PartitionLock, log: Logger, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (met) {
    const error = await reasonUnder(lock, met);
    try {
      await lock.release();
    } catch (second) {
      log.warn(`could not release the lock of ${lock.date} after a failure: ${String(second)}`);
    }
    throw error;
  }
  await lock.release();
  return result;
}

function lockHeld(basePath: string, date: string, held: LockState | undefined): SwapError {
  const partition = partitionPath(basePath, date);
  const owner = held?.owner;
  const who =
    held === undefined || owner === undefined
      ? 'another run'
      : `run ${owner.runId} (host ${owner.host}, process ${owner.pid}, since ${owner.startedAt}, ` +
        `last sign of life ${Math.max(0, Math.round(held.ageMs / 1000))} s ago)`;
  return new SwapError(`cannot lock ${partition}: ${who} holds it`, {
    code: 'lock-held',
    exitCode: exitCodes.locked,
    dataState: 'this run touched nothing',
    hint: 'wait for it to end; a run that died is taken over at once on its own host, and elsewhere after 10 minutes',
  });
}
