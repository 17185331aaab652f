import type { ByteSource } from '../core/byte-source.ts';
import { ConsolidatorError, type VerifyError } from '../core/errors.ts';
import { columnsToRead, expectedReadings, inDepths } from './evolved-readings.ts';
import { describeReading, sameReading } from './same-reading.ts';
import type { SampleSite } from './sample-sites.ts';
import {
  type ColumnReading,
  columnName,
  type Readings,
  type RowRange,
  type SecondReader,
  type SecondReaderFile,
} from './second-reader.ts';
import { difference } from './staged-difference.ts';

/** What {@link compareSample} is given. */
export interface SampleComparison {
  readonly reader: SecondReader;
  readonly sites: readonly SampleSite[];
  readonly inputs: readonly ByteSource[];
  readonly staged: ByteSource;
  /** Keys of the columns to compare; all when absent. */
  readonly only?: ReadonlySet<string>;
  /** Whether inputs may have another schema than the staged file, which has all that they have. */
  readonly isEvolved?: boolean;
  /**
   * Asked when `reader` finds a difference: where it reads the input otherwise, `reader` is taken to misread this
   * kind of file, and its word does not count.
   */
  readonly arbiter?: SecondReader;
}

/** What a second reader compared and found equal. */
export interface ComparedSample {
  readonly rows: number;
  /** Keys of the columns it compared in at least one place, see `columnKey`. */
  readonly columns: ReadonlySet<string>;
  /** Why it could not be asked about a column, or about all of them (key ''), somewhere. */
  readonly notRead: ReadonlyMap<string, string>;
}

/**
 * Reads the sites in the inputs and in the staged file with one second reader and compares. Where it cannot read an
 * input, it proves nothing there and says so; where it reads the inputs and not the staged file, the staged file is
 * at fault.
 * @throws VerifyError at the first difference
 * @throws StoreError when a source cannot be read
 */
export async function compareSample(comparison: SampleComparison): Promise<ComparedSample> {
  const { reader, sites, inputs, staged, arbiter } = comparison;
  const opened = new Map<number, SecondReaderFile | { readonly cannot: string }>();
  const notRead = new Map<string, string>();
  const columns = new Set<string>();
  let stagedFile: SecondReaderFile | undefined;
  let rows = 0;
  for (const site of sites) {
    let stagedReadings: Readings | undefined;
    const terms = site.only === undefined ? comparison : { ...comparison, only: site.only };
    let skip = 0;
    for (const { inputIndex, range } of site.parts) {
      const source = inputs[inputIndex];
      if (source === undefined) throw new RangeError(`there is no input ${inputIndex}`);
      const input = opened.get(inputIndex) ?? (await tryOpen(reader, source));
      opened.set(inputIndex, input);
      const place = {
        reader: reader.name,
        input: source.name,
        staged: staged.name,
        firstRow: site.staged.firstRow + skip,
      };
      if ('cannot' in input) {
        notRead.set('', input.cannot);
      } else {
        stagedFile ??= await openStaged(reader, staged);
        stagedReadings ??= await readStaged(stagedFile, site.staged, terms);
        const raw = await readInput(input, range, stagedFile, terms);
        for (const [key, reading] of inTermsOf(stagedFile, input, raw, terms)) {
          const found = stagedReadings.get(key);
          const limit = limitOf(reading) ?? limitOf(found);
          if (limit !== undefined) notRead.set(key, limit);
          else if ('failed' in reading) notRead.set(key, reading.failed);
          else if ('rows' in reading) {
            const error = differenceIn(key, reading.rows, found, skip, place);
            if (error === undefined) {
              columns.add(key);
            } else if (arbiter !== undefined && !(await agrees(arbiter, source, range, key, raw.get(key)))) {
              notRead.set(key, `it reads ${source.name} otherwise than ${arbiter.name}`);
            } else {
              throw error;
            }
          }
        }
        rows += range.rows;
      }
      skip += range.rows;
    }
  }
  return { rows, columns, notRead };
}

type Terms = Pick<SampleComparison, 'only' | 'isEvolved'>;

async function readStaged(
  staged: SecondReaderFile,
  range: RowRange,
  { only, isEvolved = false }: Terms,
): Promise<Readings> {
  const readings = await staged.read(range, only);
  return isEvolved ? inDepths(staged.columns, readings) : readings;
}

async function readInput(
  input: SecondReaderFile,
  range: RowRange,
  staged: SecondReaderFile,
  { only, isEvolved = false }: Terms,
): Promise<Readings> {
  if (!isEvolved) return input.read(range, only);
  return input.read(range, columnsToRead(input.columns, only ?? staged.columns.keys()));
}

function inTermsOf(
  staged: SecondReaderFile,
  input: SecondReaderFile,
  readings: Readings,
  { only, isEvolved = false }: Terms,
): Readings {
  if (!isEvolved) return readings;
  return expectedReadings(staged.columns, input.columns, readings, only ?? staged.columns.keys());
}

async function tryOpen(
  reader: SecondReader,
  source: ByteSource,
): Promise<SecondReaderFile | { cannot: string }> {
  try {
    return await reader.open(source);
  } catch (error) {
    if (error instanceof ConsolidatorError) throw error;
    return { cannot: `${source.name}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function openStaged(reader: SecondReader, staged: ByteSource): Promise<SecondReaderFile> {
  try {
    return await reader.open(staged);
  } catch (error) {
    if (error instanceof ConsolidatorError) throw error;
    throw difference({
      code: 'second-reader-refuses',
      staged: staged.name,
      expected: `a footer that ${reader.name} reads, as it reads those of the inputs`,
      found: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

function limitOf(reading: ColumnReading | undefined): string | undefined {
  return reading !== undefined && 'limit' in reading ? reading.limit : undefined;
}

interface Place {
  readonly reader: string;
  readonly input: string;
  readonly staged: string;
  /** Row of the staged file that the first row of the input's range must be. */
  readonly firstRow: number;
}

function differenceIn(
  key: string,
  expected: readonly unknown[],
  staged: ColumnReading | undefined,
  skip: number,
  place: Place,
): VerifyError | undefined {
  const column = columnName(key);
  if (staged === undefined) return refusal(column, 'it finds no such column', place);
  if ('failed' in staged) return refusal(column, staged.failed, place);
  if ('limit' in staged) return refusal(column, staged.limit, place);
  const i = expected.findIndex((value, row) => !sameReading(value, staged.rows[skip + row]));
  if (i < 0) return undefined;
  return difference({
    code: 'second-reader-differs',
    staged: place.staged,
    column,
    expected: `${describeReading(expected[i])} in row ${place.firstRow + i}, as ${place.reader} reads it in ${place.input}`,
    found: describeReading(staged.rows[skip + i]),
  });
}

async function agrees(
  arbiter: SecondReader,
  source: ByteSource,
  range: RowRange,
  key: string,
  own: ColumnReading | undefined,
): Promise<boolean> {
  const file = await tryOpen(arbiter, source);
  if ('cannot' in file || own === undefined || !('rows' in own)) return true;
  const reading = (await file.read(range, new Set([key]))).get(key);
  return reading === undefined || !('rows' in reading) || sameReading(own.rows, reading.rows);
}

function refusal(column: string, reason: string, place: Place): VerifyError {
  return difference({
    code: 'second-reader-refuses',
    staged: place.staged,
    column,
    expected: `a column that ${place.reader} reads, as it reads that of ${place.input}`,
    found: reason,
  });
}
