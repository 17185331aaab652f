import { ConsolidatorError, SwapError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { join, journalPath, summaryNames } from '../../partition/names.ts';
import { type FileRef, type FileStatus, refOf, type Store, sameGeneration } from '../../store/store.ts';
import { type AddedRef, type FoldSwapJournal, type SwapReceipt, writeRecord } from '../journal.ts';
import type { PartitionLock } from '../partition-lock.ts';
import { partitionChanged, refusal, stagedChanged } from '../refusals.ts';
import { reproduceAttributes } from '../reproduce-attributes.ts';
import { foreignState, settleAfter, withDataState } from '../settle-after.ts';
import type { SwapPartitionRequest } from '../swap-request.ts';
import type { BinToFold, StagedPart } from './fold-parts.ts';
import type { FoldOptions, FoldRun } from './fold-run.ts';
import { sameContent } from './same-content.ts';
import { describeFold, settleFold } from './settle-fold.ts';

/**
 * Replaces the inputs of each bin by its merged file: journal, CONCAT of the inputs into one file (`fold`), RENAME of the
 * merged file over it (`replace`). At any instant a listing of the partition shows every row once. Resolves when the
 * receipt is written. When it rejects, the partition is as it was before, or the error says in which state it is.
 * @throws SwapError `stopped-folded` (exit code 3) when files are folded but could not be replaced
 */
export async function swapFold(
  request: SwapPartitionRequest,
  bins: readonly BinToFold[],
): Promise<SwapReceipt> {
  const { store, lock, basePath, partitionPath, log } = request;
  await lock.assertHeld();
  let journal: FoldSwapJournal;
  try {
    await prepareParts(request, bins);
    journal = await makeJournal(request, bins);
    await lock.assertHeld();
    await writeRecord(store, journalPath(lock.runDirectory), journal);
  } catch (error) {
    if (!(error instanceof ConsolidatorError) || error.code === 'lock-lost') throw error;
    throw withDataState(error, 'the originals are untouched');
  }
  const receipt = await swapByJournal(
    { store, basePath, partitionPath, runDirectory: lock.runDirectory, journal, log },
    lock,
  );
  if (receipt.outcome !== 'folded') return receipt;
  throw new SwapError(`${partitionPath} is folded but not merged: ${receipt.warnings.join('; ')}`, {
    code: 'stopped-folded',
    exitCode: exitCodes.partial,
    dataState: 'every row is in the partition, once',
    hint: 'run it again: the next run merges what is folded',
  });
}

/**
 * Does what a journal that was just written says. Of the receipt the outcome may be that files are only folded.
 * @throws SwapError as {@link swapFold} does, but for that
 */
export async function swapByJournal(run: FoldRun, lock: PartitionLock): Promise<SwapReceipt> {
  const options: FoldOptions = { assertHeld: lock.assertHeld, mayBegin: true };
  try {
    const settled = await settleFold(run, options);
    // Settled: what follows is told, and not settled again.
    if (settled.action === 'foreign') return fail(foreignState(settled.sentence, settled.hint));
    if (settled.action === 'rolled-back') {
      return fail(
        partitionChanged(run.partitionPath, ['a file in it changed at the very moment it was replaced']),
      );
    }
    return settled.receipt;
  } catch (error) {
    return await settleAfter(error, run, {
      settle: () => settleFold(run, { ...options, mayBegin: false }),
      describe: () => describeFold(run),
    });
  }
}

/** A rejection that the `try` it is returned from does not catch. */
function fail(error: SwapError): Promise<never> {
  return Promise.reject(error);
}

/**
 * Sees to it that each part is the file that was made, with the attributes it must have.
 * @throws SwapError `staged-file-changed`, `attributes-not-reproducible`; StoreError
 */
export async function prepareParts(
  request: Pick<SwapPartitionRequest, 'store' | 'allowAttributeChange' | 'log'>,
  bins: readonly BinToFold[],
): Promise<void> {
  for (const part of bins.flatMap(({ parts }) => parts)) await prepare(request, part);
}

async function prepare(
  { store, allowAttributeChange, log }: Pick<SwapPartitionRequest, 'store' | 'allowAttributeChange' | 'log'>,
  part: StagedPart,
): Promise<void> {
  const found = await store.stat(part.path);
  if (found === undefined || !sameContent(part.ref, found)) throw stagedChanged(part.path);
  if (part.attributes === undefined) return;
  const told = part.isPassing === true ? { ...log, warn: log.debug } : log;
  await reproduceAttributes(store, part.path, part.attributes, allowAttributeChange ?? false, told, found);
}

async function makeJournal(
  request: SwapPartitionRequest,
  bins: readonly BinToFold[],
): Promise<FoldSwapJournal> {
  const { store, lock, partitionPath, plan, outputs } = request;
  const entries = await lookBeforeSwap(store, partitionPath, bins);
  return {
    way: 'fold',
    kind: 'consolidate',
    date: lock.date,
    runId: lock.runId,
    toolVersion: request.toolVersion,
    startedAtMs: await store.nowMs(),
    ...(request.begunAtMs === undefined ? {} : { begunAtMs: request.begunAtMs }),
    removed: bins.flatMap(({ bin }) => bin.inputs),
    sidecars: entries
      .filter((entry) => entry.kind === 'file' && summaryNames.includes(entry.name))
      .map(refOf),
    added: addedRefs(bins),
    verification: outputs.flatMap((output) => (output.file === undefined ? [] : [output.file.receipt])),
    plan,
    bins: bins.map(({ bin }) => bin),
    restored: [],
    keepBackup: request.keepBackup,
  };
}

/** What the files of these bins become. */
export function addedRefs(bins: readonly BinToFold[]): readonly AddedRef[] {
  return bins.map(({ bin }) => ({ ...(bin.staged ?? bin.base), name: bin.name, binIndex: bin.binIndex }));
}

/**
 * The entries of the partition, whose files to be folded are as they were planned, and where no name is taken.
 * @throws SwapError `partition-absent`, `partition-changed`, `name-taken`
 */
export async function lookBeforeSwap(
  store: Store,
  partitionPath: string,
  bins: readonly BinToFold[],
): Promise<readonly FileStatus[]> {
  const entries = await store.list(partitionPath);
  if (entries === undefined) {
    throw refusal(
      'partition-absent',
      `${partitionPath} is not there, or is no directory`,
      'nothing need be done',
    );
  }
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const changed = bins.flatMap(({ bin }) =>
    bin.inputs.flatMap((input) => change(input, byName.get(input.name))),
  );
  if (changed.length > 0) throw partitionChanged(partitionPath, changed);
  for (const { bin } of bins) {
    if (!byName.has(bin.name)) continue;
    throw refusal(
      'name-taken',
      `${join(partitionPath, bin.name)}: another file has that name and is not replaced`,
      'move that file away, then run again',
    );
  }
  return entries;
}

function change(input: FileRef, found: FileStatus | undefined): string[] {
  if (found === undefined) return [`${input.name} is gone`];
  return found.kind === 'file' && sameGeneration(input, found) ? [] : [`${input.name} was changed`];
}
