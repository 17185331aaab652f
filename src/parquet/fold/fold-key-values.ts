import { stampValue } from '../consolidation-stamp.ts';
import { writersOf } from '../created-by.ts';
import { adaptedMetadata } from '../evolution/adapted-metadata.ts';
import type { ParquetFooter } from '../footer.ts';
import { mergeKeyValues } from '../merge/merge-key-values.ts';
import { foldStampKey, readFoldStamp } from './fold-stamp.ts';

/**
 * The key-value metadata of a folded file as thrift structs: that of a merge of the inputs, with a fold stamp. An input
 * that was folded before stands in it for the files it was made of.
 * What `adaptedMetadata` says of a merge holds here too.
 * @param footers those of all inputs, in the order in which they are folded
 * @param making `inputSizeBytes` is what the inputs count with in planning
 * @param warnings gets a sentence for each key whose values differ between the inputs
 */
export function foldKeyValues(
  footers: readonly ParquetFooter[],
  making: { readonly runId: string; readonly inputSizeBytes: number },
  warnings: string[],
): readonly Uint8Array[] {
  const inputFiles = footers.reduce((sum, footer) => sum + (readFoldStamp(footer)?.inputFiles ?? 1), 0);
  const { inputSizeBytes, runId } = making;
  const value = stampValue({ inputSizeBytes, inputFiles, runId, writers: writersOf(footers) });
  const { replaced } = adaptedMetadata(footers, false);
  return mergeKeyValues(footers, [...replaced, { key: foldStampKey, value }], warnings);
}
