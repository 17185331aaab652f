import { beginList, compactCursor, wireType } from '../thrift/compact-reader.ts';
import { type CompactWriter, putRange } from '../thrift/compact-writer.ts';
import { copyFields, type FieldFates, type ShiftedCopy } from './copy-fields.ts';
import type { TrustedBounds } from './trusted-bounds.ts';

interface RowGroupCopy extends ShiftedCopy {
  readonly bounds: readonly TrustedBounds[];
  /** Index of the leaf whose chunk is being copied. */
  leaf: number;
}

// The tables follow the field numbers of parquet.thrift. What a later version of the format adds is left out: it may be
// an offset, and nothing that is needed to read a row group can be added.

/** `Statistics`: bounds by how far they are trusted; all else stays, since it holds no offsets. */
const statisticsFates: readonly FieldFates<RowGroupCopy>[] = [0, 1, 2, 3].map((trust) => {
  const deprecated = (trust & 1) === 0 ? undefined : 'keep';
  const current = (trust & 2) === 0 ? undefined : 'keep';
  return [undefined, deprecated, deprecated, 'keep', 'keep', current, current, current, current, 'keep'];
});

/** `ColumnMetaData`. */
const metaDataFates: FieldFates<RowGroupCopy> = fates({
  1: 'keep', // type
  2: 'keep', // encodings
  3: 'keep', // path_in_schema
  4: 'keep', // codec
  5: 'keep', // num_values
  6: 'keep', // total_uncompressed_size
  7: 'keep', // total_compressed_size
  8: 'keep', // key_value_metadata
  9: 'shift', // data_page_offset
  10: 'shift', // index_page_offset
  11: 'shift', // dictionary_page_offset
  12: copyStatistics,
  13: 'keep', // encoding_stats
  14: 'shift', // bloom_filter_offset
  15: 'keep', // bloom_filter_length
  16: 'keep', // size_statistics
  17: 'keep', // geospatial_statistics
});

/** `ColumnChunk`. The offset index holds absolute offsets, so it is of no use once the file lies elsewhere. */
const chunkFates: FieldFates<RowGroupCopy> = fates({
  1: 'keep', // file_path, which is empty
  2: 'shift', // file_offset
  3: (copy) => copyFields(copy, metaDataFates),
});

/** `RowGroup`, without its ordinal. */
const rowGroupFates: FieldFates<RowGroupCopy> = fates({
  1: copyChunks,
  2: 'keep', // total_byte_size
  3: 'keep', // num_rows
  4: 'keep', // sorting_columns
  5: 'shift', // file_offset
  6: 'keep', // total_compressed_size
});

/**
 * Writes the footer's struct of a row group that lies `offsetBytes` further on than its file says.
 * @param rowGroupBytes the struct as it stands in the file
 * @param bounds which statistics to keep, one per leaf
 * @throws FormatError when an offset is out of range
 */
export function shiftRowGroup(
  rowGroupBytes: Uint8Array,
  offsetBytes: number,
  bounds: readonly TrustedBounds[],
  to: CompactWriter,
): void {
  copyFields({ from: compactCursor(rowGroupBytes), to, offsetBytes, bounds, leaf: 0 }, rowGroupFates);
}

function copyChunks(copy: RowGroupCopy): void {
  const { from, to } = copy;
  const start = from.position;
  const count = beginList(from, wireType.STRUCT);
  putRange(to, from.bytes, start, from.position);
  for (copy.leaf = 0; copy.leaf < count; copy.leaf++) copyFields(copy, chunkFates);
}

function copyStatistics(copy: RowGroupCopy): void {
  const { deprecated, current } = copy.bounds[copy.leaf] ?? { deprecated: false, current: false };
  copyFields(copy, statisticsFates[(deprecated ? 1 : 0) + (current ? 2 : 0)] ?? []);
}

function fates(byId: Readonly<Record<number, FieldFates<RowGroupCopy>[number]>>): FieldFates<RowGroupCopy> {
  const list: FieldFates<RowGroupCopy>[number][] = [];
  for (const [id, fate] of Object.entries(byId)) list[Number(id)] = fate;
  return Array.from(list);
}
