import { createHash } from 'node:crypto';
import type { FlatSchema } from '../../src/parquet/evolution/schema-node.ts';
import { physicalType, repetition } from '../../src/parquet/format.ts';
import { readSchemaElement } from '../../src/parquet/metadata/schema-element.ts';
import { compactCursor } from '../../src/parquet/thrift/compact-reader.ts';
import type { Field } from './model.ts';
import { elementBytesOf } from './schema-bytes.ts';

type More = Partial<Omit<Field, 'name' | 'children'>>;

/** An optional leaf; `more` may say otherwise. */
export function leaf(name: string, type: number, more: More = {}): Field {
  return { name, repetition: repetition.OPTIONAL, type, children: [], ...more };
}

/** An optional whole number of 32 bits. */
export const int = (name: string, more: More = {}): Field => leaf(name, physicalType.INT32, more);
/** An optional whole number of 64 bits. */
export const long = (name: string, more: More = {}): Field => leaf(name, physicalType.INT64, more);
/** An optional floating-point number of 32 bits. */
export const float = (name: string, more: More = {}): Field => leaf(name, physicalType.FLOAT, more);
/** An optional text, annotated in both ways. */
export const text = (name: string, more: More = {}): Field =>
  leaf(name, physicalType.BYTE_ARRAY, { convertedType: 0, logical: { member: 1, parameters: [] }, ...more });

/** An optional group. */
export function group(name: string, children: readonly Field[], more: More = {}): Field {
  return { name, repetition: repetition.OPTIONAL, children, ...more };
}

/** A list as the format wants it, of optional or other elements. */
export function list(name: string, element: Field, more: More = {}): Field {
  return group(name, [group('list', [element], { repetition: repetition.REPEATED })], {
    convertedType: 3,
    logical: { member: 3, parameters: [] },
    ...more,
  });
}

/** A map as the format wants it. */
export function map(name: string, key: Field, value: Field, more: More = {}): Field {
  const entries = group('key_value', [{ ...key, repetition: repetition.REQUIRED }, value], {
    repetition: repetition.REPEATED,
  });
  return group(name, [entries], { convertedType: 1, logical: { member: 2, parameters: [] }, ...more });
}

/** The same field that no row may lack. */
export function required(field: Field): Field {
  return { ...field, repetition: repetition.REQUIRED };
}

/** The same field that a row may have any number of times. */
export function repeated(field: Field): Field {
  return { ...field, repetition: repetition.REPEATED };
}

/** A made-up schema as a footer would have it. */
export function schemaOf(fields: readonly Field[], file = 'some file'): FlatSchema {
  const elementBytes = elementBytesOf(fields);
  const elements = elementBytes.map((bytes) => readSchemaElement(compactCursor(bytes)));
  const hash = createHash('sha256');
  for (const bytes of elementBytes) hash.update(bytes);
  return { file, elements, elementBytes, schemaKey: hash.digest('hex').slice(0, 32) };
}
