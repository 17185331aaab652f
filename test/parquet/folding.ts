import { emptyParquetFile } from '../../src/parquet/fold/empty-parquet-file.ts';
import { foldKeyValues } from '../../src/parquet/fold/fold-key-values.ts';
import { foldTail } from '../../src/parquet/fold/fold-tail.ts';
import type { FoldPiece } from '../../src/parquet/fold/fold-tail-maker.ts';
import { mergeKeyValues } from '../../src/parquet/merge/merge-key-values.ts';
import type { MergeInput } from '../../src/parquet/merge/merge-request.ts';
import { inputOf } from './merging.ts';

const createdBy = 'parquet-consolidator version 0.0.0-test';
export const runId = '20250815T020000Z-abcdef';

/** How the tests fold unless they say otherwise. */
export interface Folding {
  /** How many inputs each step takes, each step ending with a footer of all so far; all at once unless given. */
  readonly steps?: readonly number[];
  /** Zero bytes before the last footer. */
  readonly padBytes?: number;
  /** False for a backup: the inputs' bytes from the very start. */
  readonly hasBase?: boolean;
  /** False for key-value metadata that is that of a merge, to the letter. */
  readonly hasStamp?: boolean;
}

/** A folded file in memory. */
export interface Folded {
  readonly bytes: Uint8Array;
  readonly warnings: readonly string[];
  /** The file as it is after each step. */
  readonly afterSteps: readonly Uint8Array[];
}

/** Folds files in memory the way a store does: a file without rows, the bytes of all files, footers in between. */
export async function foldBytes(files: readonly Uint8Array[], folding: Folding = {}): Promise<Folded> {
  const inputs = await Promise.all(files.map((bytes, i) => inputOf(bytes, `input-${i}`)));
  return foldInputs(inputs, files, folding);
}

async function foldInputs(
  inputs: readonly MergeInput[],
  files: readonly Uint8Array[],
  { steps = [files.length], padBytes = 0, hasBase = true, hasStamp = true }: Folding,
): Promise<Folded> {
  const footers = inputs.map(({ footer }) => footer);
  const first = footers[0];
  if (first === undefined) throw new Error('nothing to fold');
  const warnings: string[] = [];
  const sizeBytes = files.reduce((sum, file) => sum + file.length, 0);
  const keyValues = hasStamp
    ? foldKeyValues(footers, { runId, inputSizeBytes: sizeBytes }, warnings)
    : mergeKeyValues(footers, [], warnings);
  const parts = hasBase ? [emptyParquetFile({ like: first, keyValues, createdBy })] : [];
  let length = parts[0]?.length ?? 0;
  const pieces: FoldPiece[] = [];
  const afterSteps: Uint8Array[] = [];
  const append = (part: Uint8Array): void => {
    parts.push(part);
    length += part.length;
  };
  for (const [step, count] of steps.entries()) {
    for (let i = 0; i < count; i++) {
      const footer = footers[pieces.length];
      const file = files[pieces.length];
      if (footer === undefined || file === undefined) throw new Error('the steps take more than there is');
      pieces.push({ footer, offsetBytes: length });
      append(file);
    }
    const padding = step === steps.length - 1 ? padBytes : 0;
    append(foldTail({ pieces, keyValues, createdBy, padBytes: padding }));
    afterSteps.push(new Uint8Array(Buffer.concat(parts)));
  }
  return { bytes: afterSteps.at(-1) ?? new Uint8Array(0), warnings, afterSteps };
}
