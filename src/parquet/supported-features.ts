import { checkCodec } from './codec/compression.ts';
import type { ParquetFooter } from './footer.ts';
import { encoding, nameOf } from './format.ts';
import { placed, unsupported } from './format-error.ts';
import { isBefore, writerVersion } from './writer-version.ts';

const known: ReadonlySet<number> = new Set(Object.values(encoding));

/**
 * Refuses a file whose footer says already that it cannot be merged: by the compression and the encodings of its column
 * chunks, and by its writer. A footer that leaves an encoding out is found out when the page is read.
 * @throws FormatError naming row group, column and feature
 */
export function checkSupported(footer: ParquetFooter): void {
  const java = writerVersion(footer.createdBy, 'parquet-mr') ?? [];
  if (java.length > 0 && isBefore(java, [1, 2, 9])) {
    // Arrow reads such chunks longer than stated (PARQUET-816); in a file of another writer it would not.
    throw unsupported('a file of parquet-mr before 1.2.9, which states its column chunks too short,', {
      file: footer.file,
    });
  }
  if (footer.leaves.length === 0) throw unsupported('a schema without columns', { file: footer.file });
  for (const [number, rowGroup] of footer.rowGroups.entries()) {
    for (const [i, chunk] of rowGroup.chunks.entries()) {
      try {
        checkCodec(chunk.codec);
        const other = chunk.encodings.find((one) => !known.has(one));
        if (other !== undefined) throw unsupported(`encoding ${nameOf(encoding, other)}`);
      } catch (error) {
        throw placed(error, {
          file: footer.file,
          rowGroup: number,
          column: footer.leaves[i]?.path ?? String(i),
        });
      }
    }
  }
}

/** The compression of every column chunk of a file. */
export function* codecsOf(footer: ParquetFooter): Generator<number> {
  for (const { chunks } of footer.rowGroups) for (const { codec } of chunks) yield codec;
}
