import { readStamp } from '../parquet/consolidation-stamp.ts';
import { foldKeyValues } from '../parquet/fold/fold-key-values.ts';
import { readFoldStamp } from '../parquet/fold/fold-stamp.ts';
import { refOf } from '../store/store.ts';
import type { StageUndo } from '../swap/fold/undo-fold.ts';
import { openInputs } from './open-inputs.ts';
import { stageFold } from './stage-fold.ts';
import { stoppableStore } from './stoppable-store.ts';

/**
 * Writes what an undo folds a merged file into, of which it reads the footer only. Should it stay folded, planning counts it for
 * what the merged file counted.
 * @throws StoreError, FormatError; VerifyError when the tail does not describe the merged file
 */
export const stageUndo: StageUndo = async ({
  merged,
  binIndex,
  minSizeBytes,
  toolVersion,
  stop,
  ...place
}) => {
  const ref = refOf(merged);
  const store = stop === undefined ? place.store : stoppableStore(place.store, stop);
  const { inputs, close } = await openInputs(store, [{ path: merged.path, ref }]);
  try {
    const footers = inputs.map(({ footer }) => footer);
    const inputSizeBytes = footers.reduce(
      (most, footer) =>
        Math.max(most, readStamp(footer)?.inputSizeBytes ?? 0, readFoldStamp(footer)?.inputSizeBytes ?? 0),
      merged.sizeBytes,
    );
    return await stageFold(
      {
        ...place,
        store,
        bin: {
          index: binIndex,
          inputs: [ref],
          ...(merged.placement === undefined ? {} : { placement: merged.placement }),
        },
        inputs,
        createdBy: `parquet-consolidator version ${toolVersion}`,
        keyValues: foldKeyValues(footers, { runId: place.runId, inputSizeBytes }, []),
      },
      minSizeBytes,
    );
  } finally {
    await close();
  }
};
