import { randomInt } from 'node:crypto';
import { makeRunId } from '../partition/names.ts';
import { acquireLock, type PartitionLock, reasonUnder } from '../swap/partition-lock.ts';
import type { PartitionResult } from '../telemetry/partition-result.ts';
import type { PartitionReport } from './partition-report.ts';
import type { PartitionTask } from './partition-task.ts';

/**
 * Does `work` while a new run holds the partition's lock, and gives the lock back in every case. A lock that cannot be
 * given back is a warning of the result: it does not undo what was done, and dies by itself.
 * @throws SwapError `lock-held` (exit code 11) and what else `acquireLock` throws; what `work` throws
 */
export async function underLock(
  task: PartitionTask,
  report: PartitionReport,
  work: (lock: PartitionLock) => Promise<PartitionResult>,
): Promise<PartitionResult> {
  const { store, basePath, date, log } = task;
  task.stop.throwIfAborted();
  const runId = makeRunId(await store.nowMs(), randomInt(2 ** 24));
  const makesAttempts = task.executor !== undefined;
  const lock = await report.watch.time('lock', () =>
    acquireLock({ store, basePath, date, runId, makesAttempts, log }),
  );
  report.runId = runId;
  report.runDirectory = lock.runDirectory;
  let result: PartitionResult;
  try {
    result = await work(lock);
  } catch (met) {
    const error = await reasonUnder(lock, met);
    const problem = await release(lock);
    if (problem !== undefined) log.warn(problem, { date, runId });
    throw error;
  }
  const problem = await release(lock);
  return problem === undefined ? result : { ...result, warnings: [...result.warnings, problem] };
}

async function release(lock: PartitionLock): Promise<string | undefined> {
  try {
    await lock.release();
    return undefined;
  } catch (error) {
    return `the lock of run ${lock.runId} could not be given back, the next run will take it over: ${String(error)}`;
  }
}
