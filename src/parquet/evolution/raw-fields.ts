import { beginStruct, compactCursor, nextField, skipField } from '../thrift/compact-reader.ts';
import {
  beginStruct as beginWritten,
  compactWriter,
  endStruct,
  writeRawField,
  writtenBytes,
} from '../thrift/compact-writer.ts';

/** A field of a thrift struct, undecoded. */
export interface RawField {
  readonly id: number;
  readonly type: number;
  /** The value without the field's header. */
  readonly bytes: Uint8Array;
}

/** The fields of a thrift struct in the order in which they stand there, those that nobody knows among them. */
export function rawFields(struct: Uint8Array): readonly RawField[] {
  const c = compactCursor(struct);
  const fields: RawField[] = [];
  beginStruct(c);
  while (nextField(c)) {
    const { fieldId: id, fieldType: type, position } = c;
    skipField(c);
    fields.push({ id, type, bytes: struct.subarray(position, c.position) });
  }
  return fields;
}

/** A struct of these fields. */
export function structOf(fields: readonly RawField[]): Uint8Array {
  const w = compactWriter(64);
  const outer = beginWritten(w);
  for (const { id, type, bytes } of fields) writeRawField(w, id, type, bytes);
  endStruct(w, outer);
  return writtenBytes(w).slice();
}
