import { type ConsolidationStamp, stampKey, stampUnder } from '../consolidation-stamp.ts';
import type { ParquetFooter } from '../footer.ts';

/** Key of the footer's key-value metadata that marks a file as folded: its row groups are still those of its inputs. */
export const foldStampKey = 'parquet-consolidator.folded';

/**
 * What a folded file says about its making. `inputFiles` counts those that earlier folds took in too; `inputSizeBytes`
 * is what the inputs counted with in planning, and `runId` the run that folded last.
 */
export type FoldStamp = ConsolidationStamp;

/** The stamp of a folded file; `undefined` for other files and for a stamp that makes no sense. */
export function readFoldStamp(footer: ParquetFooter): FoldStamp | undefined {
  return stampUnder(foldStampKey, footer);
}

/** True for keys that say how a file of this program was made: what is made of such a file does not take them over. */
export function isStampKey(key: string): boolean {
  return key === stampKey || key === foldStampKey;
}
