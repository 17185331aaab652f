import type { ParquetFooter } from '../footer.ts';
import { unsupported } from '../format-error.ts';
import { limits } from '../limits.ts';
import { wireType } from '../thrift/compact-reader.ts';
import {
  beginStruct,
  type CompactWriter,
  endStruct,
  putRange,
  putRaw,
  writeBinary,
  writeI32,
  writeI64,
  writeListField,
} from '../thrift/compact-writer.ts';

/** `PAR1`. */
export const magic = new TextEncoder().encode('PAR1');

/** What a footer says apart from its row groups. */
export interface FooterFrame {
  /** The schema is written byte for byte as this file has it. */
  readonly like: ParquetFooter;
  readonly version: number;
  readonly rows: number;
  readonly rowGroups: number;
  /** `KeyValue` structs as thrift bytes, in the order they will have. */
  readonly keyValues: readonly Uint8Array[];
  readonly createdBy: string;
  /** `ColumnOrder` unions as thrift bytes, one per leaf, if any are stated. */
  readonly columnOrders: readonly Uint8Array[] | undefined;
}

/**
 * Appends a footer with its length and the magic after it.
 * @param putRowGroups writes the structs of as many row groups as the frame says
 * @throws FormatError when the footer gets longer than readers accept
 */
export function putFooter(
  w: CompactWriter,
  frame: FooterFrame,
  putRowGroups: (w: CompactWriter) => void,
): void {
  const start = w.length;
  const outer = beginStruct(w);
  writeI32(w, 1, frame.version);
  putStructs(w, 2, frame.like.elementBytes);
  writeI64(w, 3, frame.rows);
  writeListField(w, 4, wireType.STRUCT, frame.rowGroups);
  putRowGroups(w);
  if (frame.keyValues.length > 0) putStructs(w, 5, frame.keyValues);
  writeBinary(w, 6, new TextEncoder().encode(frame.createdBy));
  if (frame.columnOrders !== undefined) putStructs(w, 7, frame.columnOrders);
  endStruct(w, outer);
  const length = w.length - start;
  if (length > limits.footerBytes) {
    throw unsupported(`a footer of ${length} bytes for ${frame.rowGroups} row groups`, {
      file: frame.like.file,
    });
  }
  const end = new Uint8Array(4);
  new DataView(end.buffer).setUint32(0, length, true);
  putRange(w, end, 0, 4);
  putRange(w, magic, 0, 4);
}

function putStructs(w: CompactWriter, id: number, structs: readonly Uint8Array[]): void {
  writeListField(w, id, wireType.STRUCT, structs.length);
  for (const struct of structs) putRaw(w, struct);
}
