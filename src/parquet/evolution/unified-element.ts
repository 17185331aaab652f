import { physicalType, repetition } from '../format.ts';
import { wireType } from '../thrift/compact-reader.ts';
import { type RawField, rawFields, structOf } from './raw-fields.ts';
import type { SchemaNode } from './schema-node.ts';
import { isFieldId } from './schema-traits.ts';

/** Fields of `SchemaElement` (parquet.thrift). */
const id = {
  repetition: 3,
  childCount: 5,
  convertedType: 6,
  scale: 7,
  precision: 8,
  fieldId: 9,
  logicalType: 10,
} as const;

/**
 * The thrift bytes of one schema element for several that agree (`schemaTraits`). Those of the first that says the most: the
 * widest type, then a logical type beside the converted one, then a field id. They stay as they are unless something must change: the number of
 * children, REQUIRED to OPTIONAL, an annotation or a field id that only another one states.
 * @param nodes those of the schemas that have the element, at least one
 * @param isMissing whether a schema has the group around it and not the element
 */
export function unifiedElement(
  nodes: readonly SchemaNode[],
  children: number,
  isMissing: boolean,
): Uint8Array {
  const base = bestOf(nodes);
  const alike = nodes.filter(({ element }) => element.type === base.element.type);
  const changes = new Map<number, RawField>();
  const mayBeNull = isMissing || nodes.some((node) => node.repetition === repetition.OPTIONAL);
  if (mayBeNull && base.repetition === repetition.REQUIRED) {
    changes.set(id.repetition, i32(id.repetition, repetition.OPTIONAL));
  }
  if (base.element.type === undefined && children !== (base.element.childCount ?? 0)) {
    changes.set(id.childCount, i32(id.childCount, children));
  }
  const own = rawFields(base.bytes);
  const hasOwn = (field: number): boolean => own.some((one) => one.id === field);
  const take = (fields: readonly number[], from: SchemaNode | undefined): void => {
    for (const field of from === undefined ? [] : rawFields(from.bytes)) {
      if (fields.includes(field.id) && !hasOwn(field.id)) changes.set(field.id, field);
    }
  };
  if (base.element.convertedType === undefined) {
    take(
      [id.convertedType, id.scale, id.precision],
      alike.find(({ element }) => element.convertedType !== undefined),
    );
  }
  if (base.element.logicalType === undefined) {
    take(
      [id.logicalType],
      alike.find(({ element }) => element.logicalType !== undefined),
    );
  }
  if (base.element.fieldId === undefined) {
    take(
      [id.fieldId],
      nodes.find(({ element }) => isFieldId(element.fieldId)),
    );
  }
  if (changes.size === 0) return base.bytes;
  const kept = own.filter((field) => !changes.has(field.id));
  return structOf([...kept, ...changes.values()].toSorted((a, b) => a.id - b.id));
}

function bestOf(nodes: readonly SchemaNode[]): SchemaNode {
  const [first, ...others] = nodes;
  if (first === undefined) throw new Error('an element of no schema');
  return others.reduce((best, node) => (compareLists(merit(node), merit(best)) > 0 ? node : best), first);
}

function merit({ element }: SchemaNode): readonly number[] {
  const isWide = element.type === physicalType.INT64 || element.type === physicalType.DOUBLE;
  const annotations = [element.logicalType, element.convertedType].filter((one) => one !== undefined);
  return [isWide ? 1 : 0, annotations.length, isFieldId(element.fieldId) ? 1 : 0];
}

function compareLists(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((value, place) => value !== b[place]);
  return i < 0 ? 0 : (a[i] ?? 0) - (b[i] ?? 0);
}

function i32(field: number, value: number): RawField {
  // A zigzag varint; these numbers are not negative and below 2^20.
  const bytes: number[] = [];
  for (let left = value * 2; ; left >>>= 7) {
    if (left < 128) {
      bytes.push(left);
      break;
    }
    bytes.push((left & 127) | 128);
  }
  return { id: field, type: wireType.I32, bytes: Uint8Array.from(bytes) };
}
