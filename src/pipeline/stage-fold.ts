import type { ByteSink } from '../core/byte-sink.ts';
import { bytesPerMb } from '../core/units.ts';
import { emptyParquetFile } from '../parquet/fold/empty-parquet-file.ts';
import { type FoldPiece, foldTailMaker } from '../parquet/fold/fold-tail-maker.ts';
import type { MergeInput } from '../parquet/merge/merge-request.ts';
import { foldBasePath, foldTailPath } from '../partition/names.ts';
import type { Bin } from '../plan/partition-plan.ts';
import type { Store } from '../store/store.ts';
import type { FoldParts, StagedPart } from '../swap/fold/fold-parts.ts';
import { checkFolded, earlierTails } from './check-folded.ts';
import { foldSteps } from './fold-steps.ts';
import { stageFile } from './stage-file.ts';

/** What a fold is staged from, and where. */
export interface FoldStaging {
  readonly store: Store;
  readonly partitionPath: string;
  readonly runId: string;
  readonly runDirectory: string;
  readonly bin: Pick<Bin, 'index' | 'inputs' | 'placement'>;
  /** Open, in the order of the bin's inputs. */
  readonly inputs: readonly MergeInput[];
  readonly createdBy: string;
  /** Key-value metadata of the folded file, as thrift structs. */
  readonly keyValues: readonly Uint8Array[];
}

/**
 * Writes the file without rows that the inputs of a bin are folded into, and a footer tail for each CONCAT.
 * @param minSizeBytes the folded file gets at least this long: a reader that cut it into splits by its length and reads the
 *   merged file that replaced it must not miss the end of that
 * @throws StoreError, FormatError; VerifyError when a tail does not describe the inputs
 */
export async function stageFold(staging: FoldStaging, minSizeBytes: number): Promise<FoldParts> {
  const { store, partitionPath, runId, runDirectory, bin, inputs, createdBy, keyValues } = staging;
  const first = inputs[0];
  if (first === undefined) throw new Error(`bin ${bin.index} has no inputs`);
  const stage = (path: string, bytes: Uint8Array, padBytes = 0): Promise<StagedPart> => {
    const part = stageFile(store, path, bin.placement, async (sink) => {
      await writeZeros(sink, padBytes);
      await sink.write(bytes);
    });
    // Seen to in the end.
    part.catch(() => {});
    return part;
  };
  const base = emptyParquetFile({ like: first.footer, keyValues, createdBy });
  const basePart = stage(foldBasePath(runDirectory, bin.index), base);
  const counts = foldSteps(
    partitionPath,
    bin,
    runId,
    store.abilities.concatPathBytes ?? Number.POSITIVE_INFINITY,
  );
  const tails: { readonly inputs: number; readonly part: Promise<StagedPart> }[] = [];
  try {
    const maker = foldTailMaker(inputs.map(({ footer }) => footer));
    const earlier = earlierTails();
    const pieces: FoldPiece[] = [];
    let sizeBytes = base.length;
    let from = 0;
    for (const [step, count] of counts.entries()) {
      for (const { source, footer } of inputs.slice(from, from + count)) {
        const piece = { footer, offsetBytes: sizeBytes };
        pieces.push(piece);
        maker.add(piece);
        sizeBytes += source.sizeBytes;
      }
      from += count;
      const isLast = from === inputs.length;
      const padBytes = isLast ? Math.max(0, minSizeBytes - sizeBytes) : 0;
      // The zeros are written apart: an undo pads by as much as merging has saved.
      const made = maker.tail({ keyValues, createdBy, padBytes: 0 });
      const tail = made.bytes;
      const path = foldTailPath(runDirectory, bin.index, step);
      // The last one has in it what all others have. What is wrong is thrown before the swap hears of any of them.
      if (isLast) {
        await checkFolded(path, tail, sizeBytes + padBytes, pieces);
        earlier.check(made);
      } else {
        earlier.add(path, made, pieces);
      }
      // The next is made while they are on their way; more would be memory for nothing.
      await tails.at(-2)?.part;
      tails.push({ inputs: count, part: stage(path, tail, padBytes) });
      sizeBytes += padBytes + tail.length;
    }
  } finally {
    await Promise.allSettled([basePart, ...tails.map(({ part }) => part)]);
  }
  return {
    base: await basePart,
    tails: await Promise.all(
      tails.map(async ({ inputs: taken, part }) => ({ inputs: taken, part: await part })),
    ),
  };
}

async function writeZeros(sink: ByteSink, lengthBytes: number): Promise<void> {
  const zeros = new Uint8Array(Math.min(lengthBytes, bytesPerMb));
  for (let left = lengthBytes; left > 0; left -= zeros.length) await sink.write(zeros.subarray(0, left));
}
