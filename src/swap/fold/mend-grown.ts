import { FormatError, SwapError } from '../../core/errors.ts';
import { foldTailPath, join, tailName } from '../../partition/names.ts';
import { rebuildFoldTail } from '../../partition/rebuild-fold-tail.ts';
import { refOf } from '../../store/store.ts';
import type { FoldBin } from '../journal.ts';
import { deleteFileSurely, renameSurely, writeSurely } from '../sure-steps.ts';
import { inputsOf } from './diagnose-fold.ts';
import type { FoldRun } from './fold-run.ts';

/**
 * Makes a folded file readable again whose input grew or was replaced at the very moment it was folded: a tail made of what lies in it is
 * folded in. Only bytes are added; should it die in between, doing it once more is harmless.
 * @param steps CONCATs that are done
 * @throws SwapError `foreign-state` when the inputs cannot be found in it; StoreError
 */
export async function mendGrown(run: FoldRun, bin: FoldBin, steps: number): Promise<void> {
  const { store, journal, runDirectory, partitionPath } = run;
  const target = join(partitionPath, bin.name);
  const status = await store.stat(target);
  if (status === undefined) return;
  const parts = {
    baseSizeBytes: bin.base.sizeBytes,
    steps: bin.steps.slice(0, steps).map(({ tail }, step) => ({
      inputSizes: bin.inputs
        .slice(inputsOf(bin, step), inputsOf(bin, step + 1))
        .map((input) => input.sizeBytes),
      tailSizeBytes: tail.sizeBytes,
    })),
  };
  const source = await store.open(target, refOf(status));
  let tail: Uint8Array;
  try {
    const createdBy = `parquet-consolidator version ${journal.toolVersion}`;
    tail = await rebuildFoldTail(source, parts, { runId: journal.runId, createdBy });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw unmendable(target, status.sizeBytes, error);
  } finally {
    await source.close();
  }
  // A number no other tail of the bin has.
  const number = bin.steps.length;
  const own = foldTailPath(runDirectory, bin.binIndex, number);
  const placed = join(partitionPath, tailName(journal.runId, bin.binIndex, number));
  await deleteFileSurely(store, placed);
  await writeSurely(store, own, tail);
  const made = await store.stat(own);
  await renameSurely(store, own, placed, made?.fileId ?? '');
  await store.concat(target, [placed]);
}

function unmendable(target: string, sizeBytes: number, cause: FormatError): SwapError {
  return new SwapError(
    `${target} cannot be read: inputs were changed at the very moment they were folded, and are not where they should be: ${cause.message}`,
    {
      code: 'foreign-state',
      dataState: `every byte of the inputs is in that file (${sizeBytes} bytes), and the backup, if one was made, is in the run's directory`,
      hint: `put the backup in its place by hand, or the merged file bin-<n>.staged`,
      cause,
    },
  );
}
