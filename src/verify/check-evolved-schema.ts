import type { ParquetFooter } from '../parquet/footer.ts';
import { physicalType, repetition } from '../parquet/format.ts';
import type { SchemaElement } from '../parquet/metadata/schema-element.ts';
import { difference } from './staged-difference.ts';

/** An element of a schema by its path. */
interface Place {
  /** Names from below the root, joined by dots, for messages. */
  readonly path: string;
  readonly parent: string;
  readonly element: SchemaElement;
  readonly kind: number;
}

type Fail = (path: string, expected: string, found: string) => never;

/**
 * Holds the schema of a staged file against those of inputs of several schemas, each column by itself and without the
 * code that put them together: every column of every input is there with its type, or the wider one; none is there that
 * no input has; null is allowed where an input allows it or lacks the column, and nowhere else.
 * @throws VerifyError at the first difference
 */
export function checkEvolvedSchema(staged: ParquetFooter, inputs: readonly ParquetFooter[]): void {
  const merged = placesOf(staged);
  const distinct = [...new Map(inputs.map((input) => [input.schemaKey, input])).values()];
  const schemas = distinct.map((input) => ({ input, places: placesOf(input) }));
  const fail: Fail = (path, expected, found) => {
    throw difference({ code: 'schema', staged: staged.file, column: path, expected, found });
  };
  for (const { input, places } of schemas) {
    for (const [key, { path, element, kind }] of places) {
      const place = merged.get(key);
      if (place === undefined) fail(path, `a column that ${input.file} has`, 'none');
      const problem = typeProblem(element, place.element);
      if (problem !== undefined) fail(path, `${problem} as in ${input.file}`, 'another one');
      const isWidened = kind === repetition.REQUIRED && place.kind === repetition.OPTIONAL;
      if (place.kind !== kind && !isWidened) {
        fail(path, `repetition ${kind} as in ${input.file}, or null allowed`, `${place.kind}`);
      }
    }
  }
  for (const [key, { path, parent, element, kind }] of merged) {
    const found = schemas.flatMap(({ places }) => places.get(key) ?? []);
    const isMissing = schemas.some(({ places }) => !places.has(key) && (parent === '' || places.has(parent)));
    if (found.length === 0) fail(path, 'only columns that an input has', 'this one');
    if (!found.some((place) => place.element.type === element.type)) {
      fail(path, 'a type that an input has', `physical type ${element.type}`);
    }
    const mayBeNull = isMissing || found.some((place) => place.kind === repetition.OPTIONAL);
    if (kind !== repetition.REPEATED && (kind === repetition.OPTIONAL) !== mayBeNull) {
      fail(path, mayBeNull ? 'null to be allowed' : 'null not to be allowed', 'the contrary');
    }
    if (kind === repetition.REPEATED && isMissing)
      fail(path, 'a column that every input has', 'a repeated one');
  }
  checkOrder(merged, schemas[0]?.places ?? new Map(), fail);
}

// The columns of the first input stand in its order.
function checkOrder(merged: ReadonlyMap<string, Place>, first: ReadonlyMap<string, Place>, fail: Fail): void {
  const kept = [...merged.keys()].filter((key) => first.has(key));
  const place = [...first.keys()].findIndex((key, i) => kept[i] !== key);
  if (place < 0) return;
  const at = (keys: readonly string[]): string => merged.get(keys[place] ?? '')?.path ?? 'nothing';
  fail(at(kept), `column ${at([...first.keys()])} as column ${place} of the first input`, at(kept));
}

function placesOf({ elements }: ParquetFooter): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  let next = 1;
  const walk = (names: readonly string[], count: number): void => {
    for (let i = 0; i < count; i++) {
      const element = elements[next++];
      if (element === undefined) return;
      const own = [...names, element.name];
      const parent = names.length === 0 ? '' : JSON.stringify(names);
      const kind = element.repetition ?? repetition.REQUIRED;
      places.set(JSON.stringify(own), { path: own.join('.'), parent, element, kind });
      if (element.type === undefined) walk(own, element.childCount ?? 0);
    }
  };
  walk([], elements[0]?.childCount ?? 0);
  return places;
}

function typeProblem(input: SchemaElement, staged: SchemaElement): string | undefined {
  const isWider =
    (input.type === physicalType.INT32 && staged.type === physicalType.INT64) ||
    (input.type === physicalType.FLOAT && staged.type === physicalType.DOUBLE);
  if (input.type !== staged.type && !isWider) return `physical type ${input.type}`;
  if (input.fieldId !== undefined && input.fieldId >= 0 && input.fieldId !== staged.fieldId) {
    return `field id ${input.fieldId}`;
  }
  if (isWider && isNarrow(input)) return 'an annotation of 8 or 16 bits';
  if (isWider) return meaning(input) === meaning(staged) ? undefined : meaning(input);
  if (input.typeLength !== staged.typeLength) return `a length of ${input.typeLength} bytes`;
  const facts = ['convertedType', 'scale', 'precision', 'logicalType'] as const;
  for (const fact of facts) {
    const [own, other] = [input[fact], staged[fact]].map((value) => JSON.stringify(value));
    if (own === undefined || own === other) continue;
    return `${fact} ${own}`;
  }
  return meaning(input) === meaning(staged) ? undefined : meaning(input);
}

function isNarrow({ logicalType, convertedType }: SchemaElement): boolean {
  return (logicalType?.bitWidth ?? 32) < 32 || [11, 12, 15, 16].includes(convertedType ?? -1);
}

// What an annotation makes of the numbers; their width is told by the physical type.
function meaning({
  logicalType: logical,
  convertedType: converted,
  precision,
  scale,
}: SchemaElement): string {
  if (logical?.name === 'INTEGER') return logical.isSigned === false ? 'an unsigned number' : 'a number';
  if (logical !== undefined) {
    const { name, unit, isAdjustedToUtc } = logical;
    return `${name} ${logical.precision ?? ''} ${logical.scale ?? ''} ${unit ?? ''} ${isAdjustedToUtc ?? ''}`;
  }
  if (converted === undefined) return 'a number';
  return meaningOfConverted.get(converted)?.(precision, scale) ?? `converted type ${converted}`;
}

type MeaningOf = (precision: number | undefined, scale: number | undefined) => string;

const meaningOfConverted: ReadonlyMap<number, MeaningOf> = new Map<number, MeaningOf>([
  [0, () => 'STRING    '],
  [3, () => 'LIST    '],
  [1, () => 'MAP    '],
  [4, () => 'ENUM    '],
  [5, (precision, scale) => `DECIMAL ${precision ?? ''} ${scale ?? ''}  `],
  [6, () => 'DATE    '],
  [7, () => 'TIME   MILLIS true'],
  [8, () => 'TIME   MICROS true'],
  [9, () => 'TIMESTAMP   MILLIS true'],
  [10, () => 'TIMESTAMP   MICROS true'],
  [11, () => 'an unsigned number'],
  [12, () => 'an unsigned number'],
  [13, () => 'an unsigned number'],
  [14, () => 'an unsigned number'],
  [15, () => 'a number'],
  [16, () => 'a number'],
  [17, () => 'a number'],
  [18, () => 'a number'],
  [19, () => 'JSON    '],
  [20, () => 'BSON    '],
]);
