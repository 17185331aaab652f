import { compareValues } from '../../parquet/compare-values.ts';
import type { ParquetFooter } from '../../parquet/footer.ts';
import { codec, encoding, nameOf } from '../../parquet/format.ts';
import {
  type ColumnChunk,
  type StatedStatistics,
  statisticsOf,
} from '../../parquet/metadata/column-chunk.ts';
import type { LeafColumn } from '../../parquet/metadata/leaf-column.ts';
import { type ReadableValue, readableValue } from './readable-value.ts';
import { typeWords } from './type-words.ts';

/** How many of a column's chunks have something. */
export type Extent = 'all' | 'some' | 'none';

/** What the footer says of one column over all row groups. Plain data. */
export interface ColumnTotals {
  readonly column: string;
  /** What it holds, in words. */
  readonly type: string;
  readonly codecs: readonly string[];
  readonly encodings: readonly string[];
  /** Level entries, nulls included. */
  readonly values: number;
  /** Absent where a row group does not state it. */
  readonly nulls?: number;
  readonly compressedSizeBytes: number;
  readonly uncompressedSizeBytes: number;
  /** Uncompressed by compressed size. */
  readonly ratio: number;
  /** Least and greatest of all row groups; absent where one of them with values does not state them. */
  readonly min?: ReadableValue;
  readonly max?: ReadableValue;
  /** Chunks with least and greatest value, of those that have values other than null. */
  readonly bounds: Extent;
  /** True when bounds come from the deprecated fields only, whose order is not defined. */
  readonly hasDeprecatedBounds: boolean;
  readonly pageIndex: Extent;
  readonly bloomFilter: Extent;
}

/** One per leaf column, in order. */
export function columnTotals(footer: ParquetFooter): readonly ColumnTotals[] {
  return footer.leaves.map((leaf) =>
    totalsOf(
      leaf,
      footer.rowGroups.flatMap(({ chunks }) => chunks[leaf.index] ?? []),
    ),
  );
}

function totalsOf(leaf: LeafColumn, chunks: readonly ColumnChunk[]): ColumnTotals {
  const statistics = chunks.map(statisticsOf);
  const nullCounts = statistics.map((stated) => stated?.nullCount);
  const nulls = nullCounts.includes(undefined) ? undefined : sum(nullCounts.map((count) => count ?? 0));
  const stated = chunks.flatMap((chunk, i) => {
    const isAllNull = chunk.valueCount === 0 || nullCounts[i] === chunk.valueCount;
    return isAllNull ? [] : [boundsOf(leaf, statistics[i])];
  });
  const bounds = stated.filter((one) => one !== undefined);
  const compressedSizeBytes = sum(chunks.map((chunk) => chunk.compressedSizeBytes));
  const uncompressedSizeBytes = sum(chunks.map((chunk) => chunk.uncompressedSizeBytes));
  return {
    column: leaf.path,
    type: typeWords(leaf),
    codecs: distinct(chunks.map((chunk) => nameOf(codec, chunk.codec))),
    encodings: distinct(chunks.flatMap((chunk) => chunk.encodings.map((one) => nameOf(encoding, one)))),
    values: sum(chunks.map((chunk) => chunk.valueCount)),
    ...(nulls === undefined ? {} : { nulls }),
    compressedSizeBytes,
    uncompressedSizeBytes,
    ratio: ratioOf(uncompressedSizeBytes, compressedSizeBytes),
    ...(bounds.length === stated.length ? overall(leaf, bounds) : {}),
    bounds: extentOf(bounds.length, stated.length),
    hasDeprecatedBounds: bounds.some((one) => one.isDeprecated),
    pageIndex: extentOf(chunks.filter((chunk) => chunk.hasPageIndex).length, chunks.length),
    bloomFilter: extentOf(chunks.filter((chunk) => chunk.hasBloomFilter).length, chunks.length),
  };
}

interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
  readonly isDeprecated: boolean;
}

function boundsOf(leaf: LeafColumn, stated: StatedStatistics | undefined): Bounds | undefined {
  const min = stated?.min ?? stated?.deprecatedMin;
  const max = stated?.max ?? stated?.deprecatedMax;
  if (min === undefined || max === undefined) return undefined;
  // Bytes of another length than the type has are no values of it.
  if (leaf.widthBytes !== 0 && (min.length !== leaf.widthBytes || max.length !== leaf.widthBytes)) {
    return undefined;
  }
  return { min, max, isDeprecated: stated?.min === undefined && stated?.max === undefined };
}

function overall(
  leaf: LeafColumn,
  bounds: readonly Bounds[],
): { readonly min?: ReadableValue; readonly max?: ReadableValue } {
  const first = bounds[0];
  if (first === undefined || leaf.sortOrder === 'none') return {};
  let { min, max } = first;
  for (const other of bounds) {
    if (compareValues(leaf.sortOrder, other.min, min) < 0) min = other.min;
    if (compareValues(leaf.sortOrder, other.max, max) > 0) max = other.max;
  }
  return { min: readableValue(leaf, min), max: readableValue(leaf, max) };
}

/** Uncompressed by compressed size, two digits; 1 for nothing. */
export function ratioOf(uncompressedSizeBytes: number, compressedSizeBytes: number): number {
  return compressedSizeBytes > 0 ? Number((uncompressedSizeBytes / compressedSizeBytes).toFixed(2)) : 1;
}

function extentOf(count: number, of: number): Extent {
  if (count === 0) return 'none';
  return count === of ? 'all' : 'some';
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
