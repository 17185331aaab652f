import { type ColumnReading, type ColumnShape, pathOfKey, type Readings } from './second-reader.ts';

/** The columns of a file as a reader sees them, by their keys. */
type Columns = ReadonlyMap<string, ColumnShape>;

/**
 * Which columns of an input must be read to compare it with a staged file of another schema: those that are wanted, and
 * for each that it does not have one of the same group, which says where that group is null.
 */
export function columnsToRead(input: Columns, wanted: Iterable<string>): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const key of wanted) {
    if (input.has(key)) keys.add(key);
    else for (const sibling of siblingsOf(input, key).slice(0, 1)) keys.add(sibling.key);
  }
  return keys;
}

/**
 * What a staged file must read like where an input was read so. Definition levels, which depend on what may be null in a file,
 * become numbers of names on the path that are there; whole numbers become those of the staged width; for a column that the
 * input does not have there are nulls as deep as its groups are there.
 */
export function expectedReadings(
  staged: Columns,
  input: Columns,
  readings: Readings,
  wanted: Iterable<string>,
): Readings {
  const expected = new Map<string, ColumnReading>();
  for (const key of wanted) {
    const shape = staged.get(key);
    const own = input.get(key);
    const reading = readings.get(key);
    if (shape === undefined) continue;
    if (own === undefined) expected.set(key, missing(input, readings, key, shape));
    else if (reading !== undefined) expected.set(key, widened(depthsOf(reading, own), own, shape));
  }
  return expected;
}

/** Readings with the number of names that are there in place of definition levels. */
export function inDepths(columns: Columns, readings: Readings): Readings {
  return new Map(
    [...readings].map(([key, reading]) => {
      const shape = columns.get(key);
      return [key, shape === undefined ? reading : depthsOf(reading, shape)];
    }),
  );
}

type Triple = readonly [repetition: number, depth: number, value: unknown];

function depthsOf(reading: ColumnReading, shape: ColumnShape): ColumnReading {
  if (!('rows' in reading) || isFlat(shape)) return reading;
  // The names that are there at each level: up to before the one that is not.
  const depths: number[] = [];
  for (const [i, repetition] of shape.repetitions.entries()) if (repetition !== 'REQUIRED') depths.push(i);
  depths.push(shape.repetitions.length);
  const rows = reading.rows.map((row) =>
    triplesOf(row).map(([repetition, level, value]): Triple => [repetition, depths[level] ?? -1, value]),
  );
  return { rows };
}

function isFlat({ repetitions }: ColumnShape): boolean {
  return repetitions.length === 1 && repetitions[0] !== 'REPEATED';
}

// The rows of a nested column are lists of triples: see `rowCollector`.
function triplesOf(row: unknown): readonly Triple[] {
  if (!Array.isArray(row)) throw new TypeError('a row of a nested column is no list');
  return row as readonly Triple[];
}

function widened(reading: ColumnReading, from: ColumnShape, to: ColumnShape): ColumnReading {
  if (!('rows' in reading) || from.type === to.type || from.type !== 'INT32') return reading;
  const widen = (value: unknown): unknown =>
    typeof value === 'number' ? BigInt(from.isUnsigned ? value >>> 0 : value) : value;
  if (isFlat(from)) return { rows: reading.rows.map(widen) };
  return { rows: reading.rows.map((row) => triplesOf(row).map(([r, depth, v]) => [r, depth, widen(v)])) };
}

function missing(input: Columns, readings: Readings, key: string, shape: ColumnShape): ColumnReading {
  for (const { key: sibling, shared, shape: own } of siblingsOf(input, key)) {
    const reading = readings.get(sibling);
    if (reading === undefined || !('rows' in reading)) continue;
    if (isFlat(shape)) return { rows: reading.rows.map(() => null) };
    if (shared === 0) return { rows: reading.rows.map(() => [[0, 0, null]]) };
    const inDepth = depthsOf(reading, own);
    if (!('rows' in inDepth)) continue;
    const lists = own.repetitions.slice(0, shared).filter((repetition) => repetition === 'REPEATED').length;
    return {
      rows: inDepth.rows.map((row) =>
        triplesOf(row)
          .filter(([repetition]) => repetition <= lists)
          .map(([repetition, depth]) => [repetition, Math.min(depth, shared), null]),
      ),
    };
  }
  return { limit: 'no other column of its group could be read in an input that does not have it' };
}

// The columns of the deepest group that holds the column and that the file has, those with the fewest lists first.
function siblingsOf(
  columns: Columns,
  key: string,
): readonly { readonly key: string; readonly shared: number; readonly shape: ColumnShape }[] {
  const path = pathOfKey(key);
  const all = [...columns].map(([sibling, shape]) => {
    const own = pathOfKey(sibling);
    const first = path.findIndex((name, i) => own[i] !== name);
    return { key: sibling, shape, shared: first < 0 ? path.length : first };
  });
  const most = all.reduce((deepest, { shared }) => Math.max(deepest, shared), 0);
  const lists = ({ repetitions }: ColumnShape): number =>
    repetitions.filter((repetition) => repetition === 'REPEATED').length;
  return all.filter(({ shared }) => shared === most).toSorted((a, b) => lists(a.shape) - lists(b.shape));
}
