import { pathText } from './schema-node.ts';

/** Key under which Spark says what its columns are: a `StructType` as JSON. */
export const sparkSchemaKey = 'org.apache.spark.sql.parquet.row.metadata';

/** A type of Spark's as its JSON has it. */
type SparkType = string | { readonly [key: string]: unknown };

interface SparkField {
  readonly name: string;
  readonly type: SparkType;
  readonly nullable: boolean;
  readonly metadata: unknown;
}

/**
 * What a row schema of Spark's says, by what it says it of, as `schemaTraits` does for a Parquet schema: where two say nothing
 * different of the same thing there is one that holds both. `integer` and `long` are alike, and so are `float` and
 * `double`; other types, and the metadata of a column, must be equal.
 * @returns undefined when it is none, or has what this version does not know
 */
export function sparkTraits(json: string): ReadonlyMap<string, string> | undefined {
  const root = parsed(json);
  if (root === undefined) return undefined;
  const traits = new Map<string, string>();
  return walk(root, [], traits) ? traits : undefined;
}

/**
 * One row schema for several that agree: the columns of the first, then what the others have beside; wider types; null where
 * one allows it or does not have the column.
 * @throws Error when they do not agree (see {@link sparkTraits})
 */
export function unifiedSparkSchema(jsons: readonly string[]): string {
  const [first, ...others] = [...new Set(jsons)];
  if (first === undefined) throw new Error('no row schema');
  if (others.length === 0) return first;
  return JSON.stringify(unified([first, ...others].map((json) => parsed(json) ?? notOne(json))));
}

function notOne(json: string): never {
  throw new Error(`no row schema of Spark's: ${json.slice(0, 100)}`);
}

function parsed(json: string): SparkType | undefined {
  try {
    const root: unknown = JSON.parse(json);
    // What would be written in another way, such as 1.0 in the metadata of a column, might be read in another way.
    if (JSON.stringify(root) !== json) return undefined;
    return isObject(root) && root.type === 'struct' ? root : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isType(value: unknown): value is SparkType {
  return typeof value === 'string' || isObject(value);
}

// Undefined when something stands there that this version does not know, which might not be kept.
function fieldsOf(type: SparkType): readonly SparkField[] | undefined {
  if (typeof type === 'string' || type.type !== 'struct' || !Array.isArray(type.fields)) return undefined;
  if (!hasOnly(type, ['type', 'fields'])) return undefined;
  const fields: SparkField[] = [];
  for (const field of type.fields as readonly unknown[]) {
    if (!isObject(field) || !hasOnly(field, ['name', 'type', 'nullable', 'metadata'])) return undefined;
    const { name, type: own, nullable, metadata } = field;
    if (typeof name !== 'string' || !isType(own) || typeof nullable !== 'boolean') return undefined;
    fields.push({ name, type: own, nullable, metadata: metadata ?? {} });
  }
  return fields;
}

function hasOnly(object: object, keys: readonly string[]): boolean {
  return Object.keys(object).every((key) => keys.includes(key));
}

/** The types inside a list or map, and whether they may be null. */
const inner: Readonly<Record<string, readonly (readonly [type: string, mayBeNull: string | undefined])[]>> = {
  array: [['elementType', 'containsNull']],
  map: [
    ['keyType', undefined],
    ['valueType', 'valueContainsNull'],
  ],
};

function walk(type: SparkType, names: readonly string[], traits: Map<string, string>): boolean {
  const thing = `type in ${sparkSchemaKey} of ${names.length === 0 ? 'the row' : pathText(names)}`;
  if (typeof type === 'string') {
    traits.set(thing, kinds[type] ?? type);
    return true;
  }
  const kind = String(type.type);
  const parts = inner[kind];
  if (parts !== undefined) {
    traits.set(thing, kind);
    const known = ['type', ...parts.flatMap(([key, flag]) => (flag === undefined ? [key] : [key, flag]))];
    return (
      hasOnly(type, known) &&
      parts.every(([key]) => {
        const own = type[key];
        return isType(own) && walk(own, [...names, key], traits);
      })
    );
  }
  if (kind !== 'struct') {
    traits.set(thing, JSON.stringify(type));
    return true;
  }
  const fields = fieldsOf(type);
  if (fields === undefined || new Set(fields.map(({ name }) => name)).size < fields.length) return false;
  traits.set(thing, kind);
  return fields.every((field) => {
    const own = [...names, field.name];
    traits.set(`metadata in ${sparkSchemaKey} of ${pathText(own)}`, JSON.stringify(field.metadata));
    return walk(field.type, own, traits);
  });
}

const kinds: Readonly<Record<string, string>> = {
  integer: 'integer or long',
  long: 'integer or long',
  float: 'float or double',
  double: 'float or double',
};

function unified(types: readonly SparkType[]): SparkType {
  const [first] = types;
  if (first === undefined) throw new Error('a type of no row schema');
  if (typeof first === 'string') {
    return types.find((type) => type === 'long' || type === 'double') ?? first;
  }
  const parts = inner[String(first.type)];
  if (parts !== undefined) {
    const result: Record<string, unknown> = { ...first };
    for (const [key, flag] of parts) {
      result[key] = unified(types.map((type) => typeIn(type, key)));
      if (flag !== undefined) result[flag] = types.some((type) => isObject(type) && type[flag] === true);
    }
    return result;
  }
  const all = types.map(fieldsOf);
  if (all.some((fields) => fields === undefined)) return first;
  const names = new Set(all.flatMap((fields) => (fields ?? []).map(({ name }) => name)));
  const fields = [...names].map((name) => {
    const found = all.map((own) => own?.find((field) => field.name === name));
    const present = found.filter((field) => field !== undefined);
    return {
      name,
      type: unified(present.map(({ type }) => type)),
      nullable: present.length < found.length || present.some(({ nullable }) => nullable),
      metadata: present[0]?.metadata ?? {},
    };
  });
  return { type: 'struct', fields };
}

function typeIn(type: SparkType, key: string): SparkType {
  const own = isObject(type) ? type[key] : undefined;
  if (!isType(own)) throw new Error(`no ${key} in a type of a row schema`);
  return own;
}
