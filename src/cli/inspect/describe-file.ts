import { type ConsolidationStamp, readStamp } from '../../parquet/consolidation-stamp.ts';
import { type FoldStamp, readFoldStamp } from '../../parquet/fold/fold-stamp.ts';
import type { ParquetFooter } from '../../parquet/footer.ts';
import { codec, encoding, nameOf } from '../../parquet/format.ts';
import { type ColumnChunk, statisticsOf } from '../../parquet/metadata/column-chunk.ts';
import type { LeafColumn } from '../../parquet/metadata/leaf-column.ts';
import type { RowGroup } from '../../parquet/metadata/row-group.ts';
import { sortingColumnsOf } from '../../parquet/metadata/sorting-columns.ts';
import { type ColumnTotals, columnTotals, ratioOf } from './column-totals.ts';
import type { FirstPage } from './describe-pages.ts';
import { type Note, noteworthy } from './noteworthy.ts';
import { type ReadableValue, readableValue } from './readable-value.ts';
import { type SchemaNode, schemaTree } from './schema-tree.ts';

/** What the footer says of one column of one row group. Plain data. */
export interface ChunkDescription {
  readonly column: string;
  readonly codec: string;
  readonly encodings: readonly string[];
  /** Level entries, nulls included. */
  readonly values: number;
  readonly compressedSizeBytes: number;
  readonly uncompressedSizeBytes: number;
  /** Uncompressed by compressed size. */
  readonly ratio: number;
  readonly statistics?: {
    readonly nulls?: number;
    readonly distinct?: number;
    readonly min?: ReadableValue;
    readonly max?: ReadableValue;
    /** True when only the deprecated fields are there, whose order is not defined. */
    readonly deprecated?: true;
  };
  readonly hasPageIndex: boolean;
  readonly hasBloomFilter: boolean;
}

/** What a file's footer says. Plain data. */
export interface FileDescription {
  readonly file: string;
  readonly sizeBytes: number;
  readonly footerSizeBytes: number;
  readonly createdBy?: string;
  readonly rows: number;
  readonly columns: number;
  readonly schema: readonly SchemaNode[];
  readonly keyValues: readonly { readonly key: string; readonly valueSizeBytes: number }[];
  /** Present on files this program merged. */
  readonly consolidation?: ConsolidationStamp;
  /** Present on files this program folded. */
  readonly folding?: FoldStamp;
  /** Whether pages have CRCs, as the first page says; absent where there is none that can be read. */
  readonly hasPageCrcs?: boolean;
  readonly compressedSizeBytes: number;
  readonly uncompressedSizeBytes: number;
  /** Uncompressed by compressed size. */
  readonly ratio: number;
  readonly notes: readonly Note[];
  /** Over all row groups, one per column. */
  readonly columnTotals: readonly ColumnTotals[];
  readonly rowGroups: readonly {
    readonly rows: number;
    /** What its rows are sorted by, as the file says; absent where it says nothing. */
    readonly sortedBy?: readonly string[];
    readonly compressedSizeBytes: number;
    readonly uncompressedSizeBytes: number;
    readonly columns: readonly ChunkDescription[];
  }[];
}

/**
 * Everything `inspect` shows of a file.
 * @param firstPage what its first page tells, if it has one
 */
export function describeFile(footer: ParquetFooter, firstPage: FirstPage | undefined): FileDescription {
  const stamp = readStamp(footer);
  const foldStamp = readFoldStamp(footer);
  const totals = columnTotals(footer);
  const compressedSizeBytes = sum(totals.map((column) => column.compressedSizeBytes));
  const uncompressedSizeBytes = sum(totals.map((column) => column.uncompressedSizeBytes));
  return {
    file: footer.file,
    sizeBytes: footer.fileSizeBytes,
    footerSizeBytes: footer.footerSizeBytes,
    ...(footer.createdBy === undefined ? {} : { createdBy: footer.createdBy }),
    rows: footer.rows,
    columns: footer.leaves.length,
    schema: schemaTree(footer.elements),
    keyValues: footer.keyValues.map(({ key, value }) => ({
      key,
      valueSizeBytes: Buffer.byteLength(value ?? ''),
    })),
    ...(stamp === undefined ? {} : { consolidation: stamp }),
    ...(foldStamp === undefined ? {} : { folding: foldStamp }),
    ...(firstPage !== undefined && 'hasCrc' in firstPage ? { hasPageCrcs: firstPage.hasCrc } : {}),
    compressedSizeBytes,
    uncompressedSizeBytes,
    ratio: ratioOf(uncompressedSizeBytes, compressedSizeBytes),
    notes: noteworthy(footer, totals, firstPage),
    columnTotals: totals,
    rowGroups: footer.rowGroups.map((rowGroup) => ({
      rows: rowGroup.rows,
      ...sortedBy(footer, rowGroup),
      compressedSizeBytes: sum(rowGroup.chunks.map((chunk) => chunk.compressedSizeBytes)),
      uncompressedSizeBytes: sum(rowGroup.chunks.map((chunk) => chunk.uncompressedSizeBytes)),
      columns: footer.leaves.flatMap((leaf) => {
        const chunk = rowGroup.chunks[leaf.index];
        return chunk === undefined ? [] : [describeChunk(leaf, chunk)];
      }),
    })),
  };
}

/** `name`, `name descending`, in the order of their significance. */
function sortedBy({ leaves }: ParquetFooter, rowGroup: RowGroup): { readonly sortedBy?: readonly string[] } {
  const columns = sortingColumnsOf(rowGroup);
  if (columns.length === 0) return {};
  return {
    sortedBy: columns.map(
      ({ leaf, isDescending }) => `${leaves[leaf]?.path ?? leaf}${isDescending ? ' descending' : ''}`,
    ),
  };
}

function describeChunk(leaf: LeafColumn, chunk: ColumnChunk): ChunkDescription {
  const statistics = describeStatistics(leaf, chunk);
  return {
    column: leaf.path,
    codec: nameOf(codec, chunk.codec),
    encodings: chunk.encodings.map((one) => nameOf(encoding, one)),
    values: chunk.valueCount,
    compressedSizeBytes: chunk.compressedSizeBytes,
    uncompressedSizeBytes: chunk.uncompressedSizeBytes,
    ratio: ratioOf(chunk.uncompressedSizeBytes, chunk.compressedSizeBytes),
    ...(statistics === undefined ? {} : { statistics }),
    hasPageIndex: chunk.hasPageIndex,
    hasBloomFilter: chunk.hasBloomFilter,
  };
}

function describeStatistics(leaf: LeafColumn, chunk: ColumnChunk): ChunkDescription['statistics'] {
  const stated = statisticsOf(chunk);
  if (stated === undefined) return undefined;
  const min = stated.min ?? stated.deprecatedMin;
  const max = stated.max ?? stated.deprecatedMax;
  const deprecated = stated.min === undefined && stated.max === undefined && (min ?? max) !== undefined;
  return {
    ...(stated.nullCount === undefined ? {} : { nulls: stated.nullCount }),
    ...(stated.distinctCount === undefined ? {} : { distinct: stated.distinctCount }),
    ...(min === undefined ? {} : { min: readableValue(leaf, min) }),
    ...(max === undefined ? {} : { max: readableValue(leaf, max) }),
    ...(deprecated ? { deprecated: true as const } : {}),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
