import { physicalType, repetition } from '../../src/parquet/format.ts';
import type { RandomSource } from './random-source.ts';

/** A field of a made-up schema: a leaf when it has a type, else a group. */
export interface Field {
  readonly name: string;
  /** As in parquet.thrift: 0 required, 1 optional, 2 repeated. */
  readonly repetition: number;
  readonly type?: number;
  readonly typeLength?: number;
  readonly convertedType?: number;
  readonly scale?: number;
  readonly precision?: number;
  readonly fieldId?: number;
  /** A member of the `LogicalType` union and its parameters as thrift bytes, without the stop byte. */
  readonly logical?: { readonly member: number; readonly parameters: readonly number[] };
  /** Writes a field that no version of the format knows into the schema element. */
  readonly unknownField?: number;
  readonly children: readonly Field[];
}

/**
 * A value of a field: PLAIN bytes without length for a leaf, one entry per child for a group; for an optional field
 * that or undefined, for a repeated one a list.
 */
export type FieldValue = Uint8Array | undefined | readonly FieldValue[];

/** What a leaf column holds, entry by entry. */
export interface LevelColumn {
  readonly field: Field;
  readonly path: readonly string[];
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  readonly definition: number[];
  readonly repetition: number[];
  /** The values of the entries whose definition level is the greatest: PLAIN bytes without length. */
  readonly values: Uint8Array[];
}

/** The columns of a schema, empty. */
export function emptyColumns(fields: readonly Field[]): LevelColumn[] {
  const columns: LevelColumn[] = [];
  const walk = (field: Field, path: readonly string[], definition: number, repeated: number): void => {
    const own = [...path, field.name];
    const maxDefinition = definition + (field.repetition === repetition.REQUIRED ? 0 : 1);
    const maxRepetition = repeated + (field.repetition === repetition.REPEATED ? 1 : 0);
    if (field.type === undefined) {
      for (const child of field.children) walk(child, own, maxDefinition, maxRepetition);
    } else {
      const levels = { definition: [], repetition: [], values: [] };
      columns.push({ field, path: own, maxDefinition, maxRepetition, ...levels });
    }
  };
  for (const field of fields) walk(field, [], 0, 0);
  return columns;
}

/** Adds rows to columns: Dremel's shredding, as slow and plain as it is told in the paper. */
export function shred(
  fields: readonly Field[],
  rows: readonly (readonly FieldValue[])[],
  into: LevelColumn[],
): void {
  let next = 0;
  const leavesOf = (field: Field): number =>
    field.type === undefined ? field.children.reduce((sum, child) => sum + leavesOf(child), 0) : 1;
  const push = (r: number, d: number, value?: Uint8Array): void => {
    const column = into[next++];
    if (column === undefined) throw new Error('more leaves than columns');
    column.repetition.push(r);
    column.definition.push(d);
    if (value !== undefined) column.values.push(value);
  };
  const pushNothing = (field: Field, r: number, d: number): void => {
    for (let i = leavesOf(field); i > 0; i--) push(r, d);
  };
  const pushOne = (field: Field, value: FieldValue, r: number, d: number, depth: number): void => {
    if (field.type !== undefined) {
      if (!(value instanceof Uint8Array)) throw new Error(`${field.name} needs a value`);
      push(r, d, value);
      return;
    }
    const members = itemsOf(value);
    for (const [i, child] of field.children.entries()) pushField(child, members[i], r, d, depth);
  };
  const pushField = (field: Field, value: FieldValue, r: number, d: number, depth: number): void => {
    if (field.repetition === repetition.REQUIRED) {
      pushOne(field, value, r, d, depth);
    } else if (value === undefined) {
      pushNothing(field, r, d);
    } else if (field.repetition === repetition.OPTIONAL) {
      pushOne(field, value, r, d + 1, depth);
    } else {
      const items = itemsOf(value);
      const first = next;
      if (items.length === 0) pushNothing(field, r, d);
      for (const [i, item] of items.entries()) {
        next = first;
        pushOne(field, item, i === 0 ? r : depth + 1, d + 1, depth + 1);
      }
    }
  };
  for (const row of rows) {
    next = 0;
    for (const [i, field] of fields.entries()) pushField(field, row[i], 0, 0, 0);
  }
}

function itemsOf(value: FieldValue): readonly FieldValue[] {
  if (value === undefined || value instanceof Uint8Array) throw new Error('a group or list is needed');
  return value;
}

const annotated: readonly Partial<Field>[] = [
  { type: physicalType.BOOLEAN },
  { type: physicalType.INT32 },
  { type: physicalType.INT64 },
  { type: physicalType.INT96 },
  { type: physicalType.FLOAT },
  { type: physicalType.DOUBLE },
  { type: physicalType.BYTE_ARRAY },
  { type: physicalType.FIXED_LEN_BYTE_ARRAY, typeLength: 5 },
  { type: physicalType.FIXED_LEN_BYTE_ARRAY, typeLength: 1 },
  { type: physicalType.BYTE_ARRAY, convertedType: 0, logical: { member: 1, parameters: [] } },
  { type: physicalType.INT32, convertedType: 13 },
  { type: physicalType.INT64, convertedType: 14 },
  // INTEGER(64, unsigned) without the deprecated annotation.
  { type: physicalType.INT64, logical: { member: 10, parameters: [0x13, 64, 0x12] } },
  { type: physicalType.INT32, convertedType: 6, logical: { member: 6, parameters: [] } },
  // TIMESTAMP(UTC, NANOS).
  { type: physicalType.INT64, logical: { member: 8, parameters: [0x11, 0x1c, 0x3c, 0, 0] } },
  { type: physicalType.FIXED_LEN_BYTE_ARRAY, typeLength: 16, logical: { member: 14, parameters: [] } },
  { type: physicalType.FIXED_LEN_BYTE_ARRAY, typeLength: 2, logical: { member: 15, parameters: [] } },
  { type: physicalType.FIXED_LEN_BYTE_ARRAY, typeLength: 12, convertedType: 21 },
  { type: physicalType.FIXED_LEN_BYTE_ARRAY, typeLength: 9, convertedType: 5, scale: 3, precision: 20 },
  { type: physicalType.BYTE_ARRAY, convertedType: 5, scale: 2, precision: 30 },
  { type: physicalType.INT32, convertedType: 5, scale: 2, precision: 9 },
  { type: physicalType.BYTE_ARRAY, logical: { member: 99, parameters: [] } },
];

/** A random schema of one to `most` columns at the top, nested up to three groups deep. */
export function randomFields(random: RandomSource, most: number): readonly Field[] {
  let named = 0;
  const field = (depth: number): Field => {
    const name = `${random.pick(['a', 'Zug', 'größe', 'x.y', '列'])}${named++}`;
    const kind = { name, repetition: random.pick([0, 0, 1, 1, 1, 2]) };
    const extra = {
      ...(random.chance(30) ? { fieldId: random.pick([0, 1, 7, -1, 2 ** 31 - 1]) } : {}),
      ...(random.chance(20) ? { unknownField: random.below(1000) } : {}),
    };
    if (depth < 3 && random.chance(30)) {
      const children = Array.from({ length: 1 + random.below(3) }, () => field(depth + 1));
      return { ...kind, ...extra, children };
    }
    return { ...kind, ...extra, ...random.pick(annotated), children: [] };
  };
  return Array.from({ length: 1 + random.below(most) }, () => field(0));
}

/** Random rows. Each leaf draws from few values or from many, so that dictionaries pay in some and not in others. */
export function randomRows(
  random: RandomSource,
  fields: readonly Field[],
  count: number,
): readonly (readonly FieldValue[])[] {
  const pools = new Map<Field, readonly Uint8Array[]>();
  const nullPercents = new Map<Field, number>();
  const one = (field: Field): FieldValue => {
    if (field.type === undefined) return field.children.map(any);
    let pool = pools.get(field);
    if (pool === undefined) {
      pool = Array.from({ length: random.pick([1, 2, 9, 300]) }, () => randomValue(random, field));
      pools.set(field, pool);
    }
    return random.pick(pool);
  };
  const any = (field: Field): FieldValue => {
    if (field.repetition === repetition.REQUIRED) return one(field);
    let percent = nullPercents.get(field);
    if (percent === undefined) {
      percent = random.pick([0, 10, 50, 95, 100]);
      nullPercents.set(field, percent);
    }
    if (random.chance(percent)) return field.repetition === repetition.OPTIONAL ? undefined : [];
    if (field.repetition === repetition.OPTIONAL) return one(field);
    return Array.from({ length: 1 + random.below(random.pick([1, 3, 20])) }, () => one(field));
  };
  return Array.from({ length: count }, () => fields.map(any));
}

/** Bit patterns that sort, compare or print in surprising ways: zeros, ones, signs, NaNs, infinities. */
const oddDoubles = [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324];

/** A random value of a leaf, odd ones more often than chance has it. */
export function randomValue(random: RandomSource, field: Field): Uint8Array {
  const bytes = (length: number): Uint8Array => {
    if (random.chance(40)) return random.bytes(length);
    return new Uint8Array(length).fill(random.pick([0, 1, 127, 128, 255]));
  };
  switch (field.type) {
    case physicalType.BOOLEAN:
      return Uint8Array.of(random.below(2));
    case physicalType.INT32:
      return bytes(4);
    case physicalType.INT64:
      return bytes(8);
    case physicalType.INT96:
      return bytes(12);
    case physicalType.FLOAT:
      if (random.chance(30)) return random.bytes(4);
      return new Uint8Array(Float32Array.of(random.pick(oddDoubles)).buffer);
    case physicalType.DOUBLE:
      if (random.chance(30)) return random.bytes(8);
      return new Uint8Array(Float64Array.of(random.pick(oddDoubles)).buffer);
    case physicalType.FIXED_LEN_BYTE_ARRAY:
      if (field.typeLength === 2 && random.chance(50)) {
        // Halves: both zeros, both infinities, NaNs of either sign.
        return random.pick(
          [
            [0, 0],
            [0, 128],
            [0, 124],
            [0, 252],
            [0, 126],
            [1, 255],
          ].map((b) => Uint8Array.from(b)),
        );
      }
      return bytes(field.typeLength ?? 1);
    default:
      return bytes(random.pick([0, 0, 1, 2, 4, 7, 30]));
  }
}
