import { wireType } from '../../src/parquet/thrift/compact-reader.ts';
import {
  beginStruct,
  compactWriter,
  endStruct,
  putRaw,
  writeBinary,
  writeI32,
  writeI64,
  writeListField,
  writeStructField,
  writtenBytes,
} from '../../src/parquet/thrift/compact-writer.ts';
import type { Field } from './model.ts';

const text = new TextEncoder();

/** The schema elements of a made-up schema as thrift bytes, the root first. */
export function elementBytesOf(fields: readonly Field[]): readonly Uint8Array[] {
  const root = compactWriter();
  const outer = beginStruct(root);
  writeBinary(root, 4, text.encode('schema'));
  writeI32(root, 5, fields.length);
  endStruct(root, outer);
  return [writtenBytes(root), ...fields.flatMap(elementsOf)];
}

function elementsOf(field: Field): readonly Uint8Array[] {
  const w = compactWriter();
  const outer = beginStruct(w);
  if (field.type !== undefined) writeI32(w, 1, field.type);
  if (field.typeLength !== undefined) writeI32(w, 2, field.typeLength);
  writeI32(w, 3, field.repetition);
  writeBinary(w, 4, text.encode(field.name));
  if (field.type === undefined) writeI32(w, 5, field.children.length);
  if (field.convertedType !== undefined) writeI32(w, 6, field.convertedType);
  if (field.scale !== undefined) writeI32(w, 7, field.scale);
  if (field.precision !== undefined) writeI32(w, 8, field.precision);
  if (field.fieldId !== undefined) writeI32(w, 9, field.fieldId);
  if (field.logical !== undefined) {
    writeStructField(w, 10);
    const union = beginStruct(w);
    writeStructField(w, field.logical.member);
    putRaw(w, Uint8Array.from([...field.logical.parameters, 0]));
    endStruct(w, union);
  }
  if (field.unknownField !== undefined) {
    writeI64(w, 40, field.unknownField);
    writeListField(w, 1000, wireType.BINARY, 1);
    putRaw(w, Uint8Array.of(2, 7, 9));
  }
  endStruct(w, outer);
  return [writtenBytes(w), ...field.children.flatMap(elementsOf)];
}
