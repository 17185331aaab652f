import assert from 'node:assert/strict';
import { physicalType, repetition } from '../../src/parquet/format.ts';
import { int, leaf, list, long, text } from './evolution-fields.ts';
import type { Field, FieldValue } from './model.ts';
import type { RandomSource } from './random-source.ts';

// A second telling of what merging schemas means, over trees of fields and values instead of levels: as slow and plain
// as it can be, sharing nothing with the engine.

/** The schema with some of what may change from file to file changed, by chance. */
export function evolvedFields(
  random: RandomSource,
  fields: readonly Field[],
  added: () => number,
): readonly Field[] {
  const inGroup = (children: readonly Field[], mayGrow: boolean): readonly Field[] => {
    let changed = children.map((child) => evolvedField(random, child, inGroup));
    if (!mayGrow) return changed;
    const isKept = (child: Field, i: number): boolean =>
      child.repetition === repetition.REPEATED || i === 0 || !random.chance(20);
    changed = changed.filter(isKept);
    if (random.chance(40)) changed.splice(random.below(changed.length + 1), 0, newField(random, added()));
    if (random.chance(20)) changed.reverse();
    return changed;
  };
  return inGroup(fields, true);
}

function evolvedField(
  random: RandomSource,
  field: Field,
  inGroup: (children: readonly Field[], mayGrow: boolean) => readonly Field[],
): Field {
  const isList = field.convertedType === 3;
  const changed: Field = {
    ...field,
    ...(field.repetition === repetition.REPEATED || !random.chance(30)
      ? {}
      : { repetition: random.pick([repetition.REQUIRED, repetition.OPTIONAL]) }),
    children: inGroup(field.children, field.type === undefined && !isList && field.name !== 'list'),
  };
  const other = widths.get(field.type ?? -1);
  const isPlain = [field.convertedType, field.logical, field.unknownField].every((one) => one === undefined);
  return other !== undefined && isPlain && random.chance(40) ? { ...changed, type: other } : changed;
}

const widths = new Map<number, number>([
  [physicalType.INT32, physicalType.INT64],
  [physicalType.INT64, physicalType.INT32],
  [physicalType.FLOAT, physicalType.DOUBLE],
  [physicalType.DOUBLE, physicalType.FLOAT],
]);

function newField(random: RandomSource, number: number): Field {
  const name = `new${number}`;
  const made: Field = random.pick([
    int(name),
    text(name),
    leaf(name, physicalType.BOOLEAN),
    list(name, long('element')),
    { name, repetition: 1, children: [int('x'), { name: 'y', repetition: 2, children: [text('z')] }] },
    { name, repetition: 1, children: [{ name: 'in', repetition: 0, children: [long('deep')] }] },
  ]);
  return { ...made, repetition: random.pick([repetition.REQUIRED, repetition.OPTIONAL]) };
}

/** The columns of the first schema, then of the others what is new; nullable where one lacks them or lets them be null. */
export function unionOf(schemas: readonly (readonly Field[])[]): readonly Field[] {
  const [first, ...others] = schemas;
  if (first === undefined) throw new Error('no schema');
  const all = [...first];
  for (const field of others.flat()) if (!all.some(({ name }) => name === field.name)) all.push(field);
  return all.map(({ name }) => {
    const found = schemas.map((fields) => fields.find((field) => field.name === name));
    const present = found.filter((field) => field !== undefined);
    const widest = present.find(({ type }) => isWide(type)) ?? present[0];
    assert.ok(widest);
    const mayBeNull = present.length < found.length || present.some((field) => field.repetition === 1);
    return {
      ...widest,
      repetition: widest.repetition === 0 && mayBeNull ? 1 : widest.repetition,
      children: widest.type === undefined ? unionOf(present.map(({ children }) => children)) : [],
    };
  });
}

function isWide(type: number | undefined): boolean {
  return type === physicalType.INT64 || type === physicalType.DOUBLE;
}

/** A row of one schema as one of the schema that holds all of it. */
export function convertedRow(
  row: readonly FieldValue[],
  from: readonly Field[],
  to: readonly Field[],
): readonly FieldValue[] {
  return to.map((field) => {
    const place = from.findIndex(({ name }) => name === field.name);
    const source = from[place];
    return source === undefined ? undefined : convertedValue(row[place], source, field);
  });
}

function convertedValue(value: FieldValue, from: Field, to: Field): FieldValue {
  if (value === undefined) return undefined;
  if (from.repetition !== repetition.REPEATED) return convertedOne(value, from, to);
  assert.ok(Array.isArray(value));
  return value.map((item) => convertedOne(item, from, to));
}

function convertedOne(value: FieldValue, from: Field, to: Field): FieldValue {
  if (from.type === undefined) {
    assert.ok(Array.isArray(value));
    return convertedRow(value, from.children, to.children);
  }
  assert.ok(value instanceof Uint8Array);
  if (from.type === to.type) return value;
  const view = new DataView(value.slice().buffer);
  const wide = new DataView(new ArrayBuffer(8));
  if (to.type === physicalType.INT64) {
    wide.setBigInt64(0, BigInt(view.getInt32(0, true)), true);
  } else {
    assert.equal(to.type, physicalType.DOUBLE);
    const bits = BigInt(view.getUint32(0, true));
    const isNan = (bits & 0x7f800000n) === 0x7f800000n && (bits & 0x7fffffn) !== 0n;
    if (isNan) {
      wide.setBigUint64(0, ((bits >> 31n) << 63n) | (0x7ffn << 52n) | ((bits & 0x7fffffn) << 29n), true);
    } else {
      wide.setFloat64(0, view.getFloat32(0, true), true);
    }
  }
  return new Uint8Array(wide.buffer);
}
