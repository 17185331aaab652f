import { arrowColumns } from '../metadata/arrow-schema.ts';
import { pathText, type SchemaNode } from './schema-node.ts';

/** A field of an Arrow schema, as `arrowColumns` tells it. */
export type ArrowField = readonly [
  name: string,
  /** 1 or 0. */
  nullable: number,
  /** Number of the type in the union `Type` of Schema.fbs. */
  typeId: number,
  parameters: readonly unknown[],
  /** Whether its dictionary is ordered; null when it has none. */
  dictionary: number | null,
  children: readonly ArrowField[],
  metadata: readonly (readonly [key: string, value: string])[],
];

/** Numbers of the union `Type` of Schema.fbs. */
export const arrowType = {
  INT: 2,
  FLOATING_POINT: 3,
  BINARY: 4,
  UTF8: 5,
  BOOL: 6,
  DECIMAL: 7,
  DATE: 8,
  TIME: 9,
  TIMESTAMP: 10,
  LIST: 12,
  STRUCT: 13,
  FIXED_SIZE_BINARY: 15,
  MAP: 17,
} as const;

/**
 * The fields of a little-endian Arrow schema.
 * @param base64 value of the key `ARROW:schema`
 * @returns undefined when it is none, or has what this version does not know
 */
export function arrowFields(base64: string): readonly ArrowField[] | undefined {
  const text = arrowColumns(base64);
  if (text === undefined) return undefined;
  // Made by `arrowColumns`, which lays a schema out like this.
  const [endianness, fields] = JSON.parse(text) as [number | null, readonly ArrowField[] | null];
  return (endianness ?? 0) === 0 ? (fields ?? undefined) : undefined;
}

/** Whether an Arrow schema has the columns of a Parquet schema, those of its structs among them, by the same names. */
export function hasColumnsOf(fields: readonly ArrowField[], nodes: readonly SchemaNode[]): boolean {
  return (
    fields.length === nodes.length &&
    nodes.every((node, i) => {
      const field = fields[i];
      if (field === undefined || field[0] !== node.element.name) return false;
      return field[2] !== arrowType.STRUCT || hasColumnsOf(field[5], node.children);
    })
  );
}

const fieldIdKey = 'PARQUET:field_id';

/**
 * What an Arrow schema says, by what it says it of, as `schemaTraits` does for a Parquet schema. Whole numbers of 32 and 64 bits are
 * alike, and so are floating-point numbers of 32 and 64 bits.
 */
export function arrowTraits(fields: readonly ArrowField[]): ReadonlyMap<string, string> {
  const traits = new Map<string, string>();
  const walk = (field: ArrowField, names: readonly string[]): void => {
    const [, , typeId, parameters, dictionary, children, metadata] = field;
    const own = metadata.filter(([key]) => key !== fieldIdKey);
    const more = [
      ...(dictionary === null ? [] : [`dictionary ${dictionary}`]),
      ...(own.length === 0 ? [] : [JSON.stringify(own)]),
      ...(typeId === arrowType.STRUCT || children.length === 0 ? [] : [`of ${children.length}`]),
    ];
    const kind = [kindOf(typeId, parameters), ...more].join(', ');
    traits.set(`type in ARROW:schema of ${pathText(names)}`, kind);
    for (const [i, child] of children.entries()) {
      walk(child, [...names, typeId === arrowType.STRUCT ? child[0] : `[${i}]`]);
    }
  };
  for (const field of fields) walk(field, [field[0]]);
  return traits;
}

function kindOf(typeId: number, parameters: readonly unknown[]): string {
  const isWide = parameters[0] === 32 || parameters[0] === 64;
  if (typeId === arrowType.INT && isWide) return parameters[1] === 0 ? 'unsigned integer' : 'integer';
  if (typeId === arrowType.FLOATING_POINT && parameters[0] !== 0) return 'floating point';
  return `type ${typeId} ${JSON.stringify(parameters)}`;
}

/** One Arrow schema for several that agree ({@link arrowTraits}): columns, types and nulls as `unifySchemas` puts them together. */
export function unifiedArrowFields(schemas: readonly (readonly ArrowField[])[]): readonly ArrowField[] {
  const names = new Set(schemas.flatMap((fields) => fields.map(([name]) => name)));
  return [...names].map((name) => {
    const found = schemas.map((fields) => fields.find(([own]) => own === name));
    const present = found.filter((field) => field !== undefined);
    return unifiedField(present, present.length < found.length);
  });
}

function unifiedField(fields: readonly ArrowField[], isMissing: boolean): ArrowField {
  const [first] = fields;
  if (first === undefined) throw new Error('a field of no schema');
  const [name, , typeId, parameters, dictionary, children, metadata] = first;
  const isNullable = isMissing || fields.some(([, nullable]) => nullable !== 0);
  const below = fields.map((field) => field[5]);
  return [
    name,
    isNullable ? 1 : 0,
    typeId,
    typeId === arrowType.INT || typeId === arrowType.FLOATING_POINT
      ? widest(fields.map((field) => field[3]))
      : parameters,
    dictionary,
    typeId === arrowType.STRUCT
      ? unifiedArrowFields(below)
      : children.map((_, i) => unifiedField(childrenAt(below, i), false)),
    metadata,
  ];
}

function childrenAt(lists: readonly (readonly ArrowField[])[], i: number): readonly ArrowField[] {
  return lists.map((children) => children[i]).filter((child) => child !== undefined);
}

function widest(parameters: readonly (readonly unknown[])[]): readonly unknown[] {
  return parameters.reduce((a, b) => (Number(b[0]) > Number(a[0]) ? b : a));
}
