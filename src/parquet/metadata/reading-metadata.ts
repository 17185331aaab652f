import { createHash } from 'node:crypto';
import { int96Writer } from '../created-by.ts';
import type { KeyValue, ParquetFooter } from '../footer.ts';
import { arrowColumns, arrowSchemaKey } from './arrow-schema.ts';

/**
 * Keys under which a file says how its values are to be read: types that Parquet does not have (Arrow, Avro, Spark,
 * GeoParquet), field ids (Iceberg), and which calendar and time zone the writer reckoned by (Spark, Hive). `geo` also says
 * which area the file covers, and readers skip files by that.
 */
const readingKeys: ReadonlySet<string> = new Set([
  arrowSchemaKey,
  'avro.schema',
  'geo',
  'iceberg.schema',
  'parquet.avro.schema',
  'writer.date.proleptic',
  'writer.time.zone',
  'writer.zone.conversion.legacy',
]);
const sparkPrefix = 'org.apache.spark.';
/** Not a key-value pair, but a field of the footer like one. */
const writerKey = 'created_by';

/**
 * A digest of each key-value pair that says how the values of a file are to be read, by key; undefined when there is none.
 * A merged file has one value for a key, so files that differ here cannot be merged: a list of any length, read by the
 * schema of a list of fixed length, is an error; an integer becomes a duration. So does the writer of INT96 timestamps, by which
 * Hive, Impala and Spark tell whether a time zone is to be undone.
 */
export function readingMetadata(footer: ParquetFooter): Readonly<Record<string, string>> | undefined {
  const pairs = readingPairs(footer);
  const text = pairs.map(({ key, value }) => `${key}\0${value ?? '\0'}`).join('\0');
  if (!known.has(text)) {
    if (known.size === mostKnown) known.clear();
    known.set(text, digestsOf(pairs));
  }
  const digests = known.get(text);
  const writer = int96Writer([footer]);
  return writer === undefined ? digests : { ...digests, [writerKey]: writer };
}

/** The key-value pairs that {@link readingMetadata} is made of. */
export function readingPairs(footer: ParquetFooter): readonly KeyValue[] {
  return footer.keyValues.filter(({ key }) => readingKeys.has(key) || key.startsWith(sparkPrefix));
}

// Files of one partition have few different ones, and reading an Arrow schema takes longer than the rest of a footer.
const known = new Map<string, Readonly<Record<string, string>> | undefined>();
const mostKnown = 100;

function digestsOf(pairs: readonly KeyValue[]): Readonly<Record<string, string>> | undefined {
  const values = new Map<string, string[]>();
  for (const { key, value } of pairs) {
    const meaning = key === arrowSchemaKey && value !== undefined ? (arrowColumns(value) ?? value) : value;
    values.set(key, [...(values.get(key) ?? []), JSON.stringify(meaning ?? null)]);
  }
  if (values.size === 0) return undefined;
  const digests = [...values].map(([key, all]) => [key, digestOf(all.join('\n'))] as const);
  return Object.fromEntries(digests.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
