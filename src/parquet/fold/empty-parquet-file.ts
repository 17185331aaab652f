import type { ParquetFooter } from '../footer.ts';
import { compactWriter, putRange, writtenBytes } from '../thrift/compact-writer.ts';
import { columnOrdersOf } from './column-orders.ts';
import { magic, putFooter } from './encode-footer.ts';

/** A file without rows. */
export interface EmptyFile {
  /** Whose schema it has, byte for byte, and whose column orders. */
  readonly like: ParquetFooter;
  /** `KeyValue` structs as thrift bytes, in the order they will have. */
  readonly keyValues: readonly Uint8Array[];
  readonly createdBy: string;
}

/** A complete Parquet file without rows and without row groups. */
export function emptyParquetFile({ like, keyValues, createdBy }: EmptyFile): Uint8Array {
  const w = compactWriter();
  putRange(w, magic, 0, magic.length);
  const columnOrders = columnOrdersOf(like);
  putFooter(
    w,
    { like, version: like.version, rows: 0, rowGroups: 0, keyValues, createdBy, columnOrders },
    () => {},
  );
  return writtenBytes(w);
}
