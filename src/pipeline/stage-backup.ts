import type { ByteSource } from '../core/byte-source.ts';
import { mapAhead } from '../core/concurrency.ts';
import { bytesPerMb } from '../core/units.ts';
import { foldTail } from '../parquet/fold/fold-tail.ts';
import type { MergeInput } from '../parquet/merge/merge-request.ts';
import { binBackupPath } from '../partition/names.ts';
import type { StagedPart } from '../swap/fold/fold-parts.ts';
import { checkFolded } from './check-folded.ts';
import type { InStep } from './in-step.ts';
import { stageFile } from './stage-file.ts';
import type { FoldStaging } from './stage-fold.ts';

/** Longest stretch of an input read at once. */
const stretchBytes = 8 * bytesPerMb;

/** Stretches read ahead of what is written. */
const ahead = { items: 16, weight: 32 * bytesPerMb };

/**
 * Writes the backup of a bin: the bytes of its inputs in their order, then a footer that makes one Parquet file of them.
 * @param step with whom the inputs are read; absent: they are read alone
 * @throws StoreError, FormatError; VerifyError when that footer does not describe the inputs
 */
export async function stageBackup(staging: FoldStaging, step?: InStep): Promise<StagedPart> {
  const { store, runDirectory, bin, inputs, createdBy, keyValues } = staging;
  const path = binBackupPath(runDirectory, bin.index);
  let offsetBytes = 0;
  const pieces = inputs.map(({ source, footer }) => {
    const piece = { footer, offsetBytes };
    offsetBytes += source.sizeBytes;
    return piece;
  });
  const tail = foldTail({ pieces, keyValues, createdBy, padBytes: 0 });
  await checkFolded(path, tail, offsetBytes, pieces);
  return await stageFile(store, path, bin.placement, async (sink) => {
    const stretches = inputs.flatMap(stretchesOf);
    const bytesOf = async (stretch: Stretch): Promise<Stretch & { readonly bytes: Uint8Array }> => {
      const { source, index, startBytes, lengthBytes } = stretch;
      await step?.mayRead(index);
      return { ...stretch, bytes: await source.read(startBytes, lengthBytes) };
    };
    for await (const { index, bytes, startBytes, source } of mapAhead(
      stretches,
      ahead,
      ({ lengthBytes }) => lengthBytes,
      bytesOf,
    )) {
      await sink.write(bytes);
      if (startBytes + bytes.length === source.sizeBytes) step?.hasRead(index);
    }
    await sink.write(tail);
  });
}

interface Stretch {
  readonly source: ByteSource;
  /** Number of the input. */
  readonly index: number;
  readonly startBytes: number;
  readonly lengthBytes: number;
}

function stretchesOf({ source }: MergeInput, index: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (let startBytes = 0; startBytes < source.sizeBytes; startBytes += stretchBytes) {
    const lengthBytes = Math.min(stretchBytes, source.sizeBytes - startBytes);
    stretches.push({ source, index, startBytes, lengthBytes });
  }
  return stretches;
}
