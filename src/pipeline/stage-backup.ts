import type { ByteSource } from '../core/byte-source.ts';
import { mapAhead } from '../core/concurrency.ts';
import { bytesPerMb } from '../core/units.ts';
import { foldTail } from '../parquet/fold/fold-tail.ts';
import type { MergeInput } from '../parquet/merge/merge-request.ts';
import { binBackupPath } from '../partition/names.ts';
import type { StagedPart } from '../swap/fold/fold-parts.ts';
import { checkFolded } from './check-folded.ts';
import { stageFile } from './stage-file.ts';
import type { FoldStaging } from './stage-fold.ts';

/** Longest stretch of an input read at once. */
const stretchBytes = 8 * bytesPerMb;

/** Stretches read ahead of what is written. */
const ahead = { items: 16, weight: 32 * bytesPerMb };

/**
 * Writes the backup of a bin: the bytes of its inputs in their order, then a footer that makes one Parquet file of them.
 * @throws StoreError, FormatError; VerifyError when that footer does not describe the inputs
 */
export async function stageBackup(staging: FoldStaging): Promise<StagedPart> {
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
    const bytesOf = ({ source, startBytes, lengthBytes }: Stretch): Promise<Uint8Array> =>
      source.read(startBytes, lengthBytes);
    for await (const bytes of mapAhead(stretches, ahead, ({ lengthBytes }) => lengthBytes, bytesOf)) {
      await sink.write(bytes);
    }
    await sink.write(tail);
  });
}

interface Stretch {
  readonly source: ByteSource;
  readonly startBytes: number;
  readonly lengthBytes: number;
}

function stretchesOf({ source }: MergeInput): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (let startBytes = 0; startBytes < source.sizeBytes; startBytes += stretchBytes) {
    const lengthBytes = Math.min(stretchBytes, source.sizeBytes - startBytes);
    stretches.push({ source, startBytes, lengthBytes });
  }
  return stretches;
}
