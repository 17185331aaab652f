import { randomInt } from 'node:crypto';
import { SwapError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { defaultLayout, type PartitionLayout } from '../partition/layout.ts';
import { listWorkspace } from '../partition/list-workspace.ts';
import { dateDirectory, journalPath, lockDirectory, makeRunId, partitionPath } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { foreseeRun } from './foresee.ts';
import { readJournal } from './journal.ts';
import { lookAtLock } from './lock-state.ts';
import { acquireAndSettle } from './partition-lock.ts';
import { receiptIfReadable, receiptOf } from './receipts.ts';
import type { RecoverOutcome } from './recover-outcome.ts';
import { runDirectories } from './settle-leftovers.ts';
import { removeEmptySurely } from './sure-steps.ts';
import { isTidy } from './tidy-run.ts';
import { checkWorkspace } from './workspace.ts';

/** What to recover. */
export interface RecoverRequest {
  readonly store: Store;
  readonly basePath: string;
  readonly log: Logger;
  /** Say what would be done; touch nothing. */
  readonly dryRun?: boolean;
}

/**
 * Settles what runs that died left of one partition: finishes a swap or takes it back, deletes what was only staged. One
 * outcome for each such run, or a single one that says there was nothing to do, or that a run is at work. Harmless
 * at any time, also several at once.
 */
export async function recoverPartition(
  request: RecoverRequest & { readonly date: string },
): Promise<readonly RecoverOutcome[]> {
  const { store, basePath, date, log } = request;
  await checkWorkspace(store, basePath);
  const lock = await lookAtLock(store, lockDirectory(basePath, date));
  if (lock?.alive === true) return [inProgress(basePath, date, lock.owner?.runId)];
  const open = await openRuns(request);
  if (lock === undefined && open.length === 0) {
    if (request.dryRun !== true) await removeEmptySurely(store, dateDirectory(basePath, date));
    return [nothing(basePath, date)];
  }
  if (request.dryRun === true) {
    return open.length === 0
      ? [nothing(basePath, date)]
      : Promise.all(open.map((run) => foreseeOrTell(request, run)));
  }
  const runId = makeRunId(await store.nowMs(), randomInt(2 ** 24));
  try {
    const held = await acquireAndSettle({ store, basePath, date, runId, log });
    await held.lock.release();
    return held.outcomes.length === 0 ? [nothing(basePath, date)] : held.outcomes;
  } catch (error) {
    // Another recovery, or a run, was faster.
    if (error instanceof SwapError && error.code === 'lock-held')
      return [inProgress(basePath, date, undefined)];
    throw error;
  }
}

/**
 * {@link recoverPartition} for every partition of the dataset that runs left something of, whatever the layout was by then; the one
 * in force says the dates.
 */
export async function recoverDataset(
  request: RecoverRequest & { readonly layout?: PartitionLayout },
): Promise<readonly RecoverOutcome[]> {
  const outcomes: RecoverOutcome[] = [];
  await checkWorkspace(request.store, request.basePath);
  const { store, basePath, layout = defaultLayout } = request;
  for (const { key } of await listWorkspace(store, basePath, layout)) {
    outcomes.push(...(await recoverPartition({ ...request, date: key })));
  }
  return outcomes;
}

interface OpenRun {
  readonly runId: string;
  readonly directory: string;
}

/** Runs without a receipt, and those that died before their last tidying. */
async function openRuns({
  store,
  basePath,
  date,
  log,
}: RecoverRequest & { readonly date: string }): Promise<readonly OpenRun[]> {
  const open: OpenRun[] = [];
  for (const { runId, status } of await runDirectories(store, basePath, date)) {
    const finished = await receiptIfReadable(store, status.path, log);
    if (finished === 'unreadable') continue;
    const entries = (await store.list(status.path)) ?? [];
    const names = entries.map(({ name }) => name);
    if (finished === undefined || !isTidy(finished, names)) open.push({ runId, directory: status.path });
  }
  return open;
}

/** As {@link foresee}; one whose journal cannot be read is an outcome too, since a person must look at it. */
async function foreseeOrTell(
  request: RecoverRequest & { readonly date: string },
  run: OpenRun,
): Promise<RecoverOutcome> {
  try {
    return await foresee(request, run);
  } catch (error) {
    if (!(error instanceof SwapError) || error.code !== 'journal-unreadable') throw error;
    const { message, hint } = error;
    return {
      date: request.date,
      runId: run.runId,
      action: 'foreign',
      sentence: message,
      needsAttention: true,
      ...(hint === undefined ? {} : { hint }),
    };
  }
}

async function foresee(
  { store, basePath, date, log }: RecoverRequest & { readonly date: string },
  { runId, directory }: OpenRun,
): Promise<RecoverOutcome> {
  const partition = partitionPath(basePath, date);
  const finished = await receiptOf(store, directory);
  const journal = await readJournal(store, journalPath(directory));
  if (finished !== undefined || journal === undefined) {
    const sentence =
      finished === undefined
        ? `run ${runId} replaced nothing in ${partition}; what it staged would be deleted`
        : `run ${runId} is finished; its remnants would be deleted`;
    return { date, runId, action: 'removed', sentence, needsAttention: false };
  }
  switch (
    await foreseeRun({ store, basePath, partitionPath: partition, runDirectory: directory, journal, log })
  ) {
    case 'rolled-back':
      return {
        date,
        runId,
        action: 'rolled-back',
        sentence: `${partition} would be as it was before run ${runId}; what that staged would be deleted`,
        needsAttention: false,
      };
    case 'rolled-forward':
      return {
        date,
        runId,
        action: 'rolled-forward',
        sentence: `the swap of run ${runId} in ${partition} would be finished`,
        needsAttention: false,
      };
    case 'foreign':
      return {
        date,
        runId,
        action: 'foreign',
        sentence: `${partition} was changed by somebody else while run ${runId} was replacing it; a person must decide`,
        needsAttention: true,
      };
  }
}

function inProgress(basePath: string, date: string, runId: string | undefined): RecoverOutcome {
  const partition = partitionPath(basePath, date);
  return {
    date,
    ...(runId === undefined ? {} : { runId }),
    action: 'in-progress',
    sentence: `${runId === undefined ? 'a run' : `run ${runId}`} is at work on ${partition} and was left alone`,
    needsAttention: false,
  };
}

function nothing(basePath: string, date: string): RecoverOutcome {
  return {
    date,
    action: 'nothing',
    sentence: `nothing to recover in ${partitionPath(basePath, date)}`,
    needsAttention: false,
  };
}
