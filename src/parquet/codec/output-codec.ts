import { codec } from '../format.ts';

/** How pages are compressed, by the names of the settings. `keep`: as the inputs are. */
export type OutputCodec = 'snappy' | 'zstd' | 'gzip' | 'lz4_raw' | 'uncompressed' | 'keep';

const numbers = {
  snappy: codec.SNAPPY,
  zstd: codec.ZSTD,
  gzip: codec.GZIP,
  lz4_raw: codec.LZ4_RAW,
  uncompressed: codec.UNCOMPRESSED,
} as const;

/**
 * The codec (parquet-format's number) that a column is written with.
 * @param inputs codecs of the column's chunks in the inputs, in order: `keep` takes the first. What readers understood
 * one by one as LZ4 is written as LZ4_RAW, which says what it is.
 */
export function codecFor(wanted: OutputCodec, inputs: Iterable<number>): number {
  if (wanted !== 'keep') return numbers[wanted];
  for (const number of inputs) return number === codec.LZ4 ? codec.LZ4_RAW : number;
  return codec.SNAPPY;
}
