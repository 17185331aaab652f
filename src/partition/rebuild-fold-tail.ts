import type { ByteSource } from '../core/byte-source.ts';
import { FormatError } from '../core/errors.ts';
import { foldKeyValues } from '../parquet/fold/fold-key-values.ts';
import { foldTail } from '../parquet/fold/fold-tail.ts';
import type { FoldPiece } from '../parquet/fold/fold-tail-maker.ts';
import { type ParquetFooter, readFooter } from '../parquet/footer.ts';

/** The parts of a folded file, in their order. */
export interface FoldedParts {
  readonly baseSizeBytes: number;
  /** Of each CONCAT: the lengths of its inputs as they were planned, and of the tail behind them. */
  readonly steps: readonly { readonly inputSizes: readonly number[]; readonly tailSizeBytes: number }[];
}

/** What the new tail says about itself. */
export interface TailMaking {
  readonly runId: string;
  readonly createdBy: string;
}

/**
 * Makes a footer tail for a folded file that is not as long as its parts, because one of its inputs grew, or was replaced,
 * at the moment it was folded: from the footers of the inputs, which all lie in it. What an input grew by lies unread
 * between them; of a replaced one the new rows are read.
 * @param folded the whole file; the tail is for its end
 * @throws FormatError when the inputs are not found where one such file would leave them
 */
export async function rebuildFoldTail(
  folded: ByteSource,
  parts: FoldedParts,
  making: TailMaking,
): Promise<Uint8Array> {
  const inputs = parts.steps.flatMap((step) => step.inputSizes);
  const tails = parts.steps.reduce((sum, step) => sum + step.tailSizeBytes, 0);
  const inputSizeBytes = inputs.reduce((sum, size) => sum + size, 0);
  const grownBytes = folded.sizeBytes - parts.baseSizeBytes - tails - inputSizeBytes;
  const pieces: FoldPiece[] = [];
  let shiftBytes = 0;
  let offsetBytes = parts.baseSizeBytes;
  for (const step of parts.steps) {
    for (const sizeBytes of step.inputSizes) {
      const startBytes = offsetBytes + shiftBytes;
      offsetBytes += sizeBytes;
      const found = await footerAt(folded, startBytes, sizeBytes);
      if (found !== undefined) {
        pieces.push({ footer: found, offsetBytes: startBytes });
        continue;
      }
      if (shiftBytes !== 0) throw lost(folded, startBytes);
      shiftBytes = grownBytes;
      // Not as it was: it was replaced by a file of another length, or the one before it grew.
      const replaced = await footerAt(folded, startBytes, sizeBytes + grownBytes);
      const moved = replaced ?? (await footerAt(folded, startBytes + grownBytes, sizeBytes));
      if (moved === undefined) throw lost(folded, startBytes);
      pieces.push({
        footer: moved,
        offsetBytes: replaced === undefined ? startBytes + grownBytes : startBytes,
      });
    }
    offsetBytes += step.tailSizeBytes;
  }
  const keyValues = foldKeyValues(
    pieces.map(({ footer }) => footer),
    { runId: making.runId, inputSizeBytes },
    [],
  );
  return foldTail({ pieces, keyValues, createdBy: making.createdBy, padBytes: 0 });
}

async function footerAt(
  folded: ByteSource,
  startBytes: number,
  sizeBytes: number,
): Promise<ParquetFooter | undefined> {
  if (startBytes < 0 || sizeBytes < 12 || startBytes + sizeBytes > folded.sizeBytes) return undefined;
  const part: ByteSource = {
    name: `${folded.name}, bytes ${startBytes} to ${startBytes + sizeBytes}`,
    sizeBytes,
    read: (offsetBytes, lengthBytes) => folded.read(startBytes + offsetBytes, lengthBytes),
    close: async () => {},
  };
  try {
    const head = Buffer.from(await part.read(0, 4)).toString('latin1');
    return head === 'PAR1' ? await readFooter(part) : undefined;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

function lost(folded: ByteSource, offsetBytes: number): FormatError {
  return new FormatError('no input lies where it was folded to: more than one of them changed', {
    code: 'format-corrupt',
    place: { file: folded.name, offsetBytes },
  });
}
