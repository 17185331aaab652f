import { FormatError } from '../../core/errors.ts';
import { int96Writer } from '../created-by.ts';
import type { ParquetFooter } from '../footer.ts';
import { arrowSchemaKey } from '../metadata/arrow-schema.ts';
import { readingMetadata, readingPairs } from '../metadata/reading-metadata.ts';
import { isPlainArrowSchema } from './plain-arrow-schema.ts';
import { sparkSchemaKey, sparkTraits, unifiedSparkSchema } from './spark-schema.ts';

/** What a file's key-value metadata says about merging it with files of other schemas. */
export interface MetadataTraits {
  /** What may not differ, as in `schemaTraits`. */
  readonly traits: ReadonlyMap<string, string>;
  /** Keys of {@link readingMetadata} whose values may differ all the same: a merge adapts them. */
  readonly adaptable: readonly string[];
}

/** Key of {@link readingMetadata} for the writer of INT96 columns, of which files without such a column say nothing. */
const writerKey = 'created_by';

/**
 * An Arrow schema that says nothing beyond the Parquet schema may differ, and a row schema of Spark's may differ as far as there is one
 * that holds both; but Spark goes by it alone, so all files have one, or none.
 */
export function metadataTraits(footer: ParquetFooter): MetadataTraits {
  const traits = new Map<string, string>();
  const adaptable: string[] = [];
  const arrow = onlyValue(footer, arrowSchemaKey);
  if (arrow !== undefined && isPlainArrowSchema(arrow, footer)) adaptable.push(arrowSchemaKey);
  const spark = onlyValue(footer, sparkSchemaKey);
  const ofSpark = spark === undefined ? undefined : sparkTraits(spark);
  if (ofSpark !== undefined) {
    adaptable.push(sparkSchemaKey);
    for (const [thing, value] of ofSpark) traits.set(thing, value);
  }
  const writer = readingMetadata(footer)?.[writerKey];
  if (writer !== undefined) {
    adaptable.push(writerKey);
    traits.set('writer of INT96 columns', writer);
  }
  const hasSpark = footer.keyValues.some(({ key }) => key === sparkSchemaKey);
  traits.set(`metadata ${sparkSchemaKey}`, hasSpark ? 'present' : 'absent');
  return { traits, adaptable };
}

function onlyValue({ keyValues }: ParquetFooter, key: string): string | undefined {
  const pairs = keyValues.filter((pair) => pair.key === key);
  return pairs.length === 1 ? pairs[0]?.value : undefined;
}

/** What a merge of several schemas makes of key-value metadata. */
export interface AdaptedMetadata {
  /** Keys that are left out: what they say does not hold for the columns of all. */
  readonly dropped: ReadonlySet<string>;
  /** Pairs in place of those of the files. */
  readonly replaced: readonly { readonly key: string; readonly value: string }[];
}

/**
 * Finds what a merge that may bring schemas together makes of the metadata that says how values are read.
 * @throws FormatError when files differ in it otherwise than it can be adapted
 */
export function adaptedMetadata(footers: readonly ParquetFooter[]): AdaptedMetadata {
  // Of files that agree in all of it, one tells what all say: nearly always there is but one.
  const kinds = [...new Map(footers.map((footer) => [textOf(footer), footer])).values()];
  const [first, ...others] = kinds;
  if (first === undefined) return { dropped: new Set(), replaced: [] };
  const known = new Map<string, { readonly value: string; readonly file: string }>();
  for (const footer of kinds) {
    for (const [thing, value] of metadataTraits(footer).traits) {
      const before = known.get(thing);
      if (before === undefined) known.set(thing, { value, file: footer.file });
      else if (before.value !== value) {
        throw differs(footer.file, before.file, `${thing}: ${value} instead of ${before.value}`);
      }
    }
  }
  const base = unadaptable(first);
  for (const footer of others) {
    const own = unadaptable(footer);
    const key = [...base.keys(), ...own.keys()].find((one) => base.get(one) !== own.get(one));
    if (key !== undefined) {
      throw differs(
        footer.file,
        first.file,
        `metadata ${key}, which says how values are to be read, differs`,
      );
    }
  }
  const isOneSchema = others.every(({ schemaKey }) => schemaKey === first.schemaKey);
  const rows = kinds.flatMap((footer) => onlyValue(footer, sparkSchemaKey) ?? []);
  const spark = new Set(rows).size > 1 ? [{ key: sparkSchemaKey, value: unifiedSparkSchema(rows) }] : [];
  return {
    dropped: new Set(isOneSchema || base.has(arrowSchemaKey) ? [] : [arrowSchemaKey]),
    replaced: spark,
  };
}

function textOf(footer: ParquetFooter): string {
  const pairs = readingPairs(footer).map(({ key, value }) => `${key}\0${value ?? '\0'}`);
  return [footer.schemaKey, int96Writer([footer]) ?? '', ...pairs].join('\0');
}

function unadaptable(footer: ParquetFooter): ReadonlyMap<string, string> {
  const { adaptable } = metadataTraits(footer);
  const reading = Object.entries(readingMetadata(footer) ?? {});
  return new Map(reading.filter(([key]) => !adaptable.includes(key)));
}

function differs(file: string, other: string, what: string): FormatError {
  return new FormatError(`cannot be merged with ${other}: ${what}`, {
    code: 'metadata-differs',
    place: { file },
    hint: 'Merge files with equal metadata with each other; inspect shows it.',
  });
}
