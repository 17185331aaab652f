import { FormatError } from '../../core/errors.ts';
import { int96Writer } from '../created-by.ts';
import type { ParquetFooter } from '../footer.ts';
import { arrowSchemaKey, hasNarrowIndices } from '../metadata/arrow-schema.ts';
import { readingMetadata, readingPairs } from '../metadata/reading-metadata.ts';
import {
  type ArrowField,
  arrowFields,
  arrowTraits,
  hasColumnsOf,
  unifiedArrowFields,
} from './arrow-fields.ts';
import { arrowMessage, canWrite } from './arrow-message.ts';
import { isPlainArrowSchema } from './plain-arrow-schema.ts';
import { schemaTree } from './schema-node.ts';
import { isFieldId } from './schema-traits.ts';
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
const icebergKey = 'iceberg.schema';

/**
 * Arrow schemas, and row schemas of Spark's, may differ as far as there is one that holds all. Spark goes by its own alone, so all
 * files have one, or none; so it is with Arrow's, unless it says nothing beyond the Parquet schema.
 */
export function metadataTraits(footer: ParquetFooter): MetadataTraits {
  const traits = new Map<string, string>();
  const adaptable: string[] = [];
  const arrow = arrowOf(footer);
  if (arrow !== undefined) {
    adaptable.push(arrowSchemaKey);
    for (const [thing, value] of arrowTraits(arrow)) traits.set(thing, value);
  } else if (hasKey(footer, arrowSchemaKey)) {
    traits.set(`schema described by ${arrowSchemaKey}`, footer.schemaKey);
  }
  const needsArrow = arrow === undefined || !isPlainArrowSchema(arrow, footer);
  if (needsArrow)
    traits.set(`metadata ${arrowSchemaKey}`, hasKey(footer, arrowSchemaKey) ? 'present' : 'absent');
  const spark = onlyValue(footer, sparkSchemaKey);
  const ofSpark = spark === undefined ? undefined : sparkTraits(spark);
  if (ofSpark !== undefined) {
    adaptable.push(sparkSchemaKey);
    for (const [thing, value] of ofSpark) traits.set(thing, value);
  } else if (hasKey(footer, sparkSchemaKey)) {
    traits.set(`schema described by ${sparkSchemaKey}`, footer.schemaKey);
  }
  if (isPlainIceberg(footer)) adaptable.push(icebergKey);
  const writer = readingMetadata(footer)?.[writerKey];
  if (writer !== undefined) {
    adaptable.push(writerKey);
    traits.set('writer of INT96 columns', writer);
  }
  traits.set(`metadata ${sparkSchemaKey}`, hasKey(footer, sparkSchemaKey) ? 'present' : 'absent');
  return { traits, adaptable };
}

// An Iceberg schema beside field ids on every leaf, by which Iceberg goes, says nothing more but what rows without a column have
// in place of null.
function isPlainIceberg(footer: ParquetFooter): boolean {
  const value = onlyValue(footer, icebergKey);
  if (value === undefined || value.includes('initial-default')) return false;
  return footer.leaves.every(({ element }) => isFieldId(element.fieldId));
}

function hasKey({ keyValues }: ParquetFooter, wanted: string): boolean {
  return keyValues.some(({ key }) => key === wanted);
}

// The Arrow schema of a file, when it is one that can be put together with others.
function arrowOf(footer: ParquetFooter): readonly ArrowField[] | undefined {
  const value = onlyValue(footer, arrowSchemaKey);
  const fields = value === undefined ? undefined : arrowFields(value);
  if (fields === undefined || !canWrite(fields)) return undefined;
  return hasColumnsOf(fields, schemaTree(footer).children) ? fields : undefined;
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
 * Finds what a merge makes of the metadata that says how values are read. An Arrow schema whose dictionaries have indices of
 * fewer than 32 bits is written with such of 32.
 * @param isCompatible whether schemas may be brought together; else the first file's values count
 * @throws FormatError when they may, and files differ otherwise than it can be adapted
 */
export function adaptedMetadata(files: readonly ParquetFooter[], isCompatible: boolean): AdaptedMetadata {
  const footers = files.filter((footer, i) => i === 0 || !saysAsBefore(footer, files[i - 1]));
  const adapted = isCompatible ? together(footers) : { dropped: new Set<string>(), replaced: [] };
  if (adapted.dropped.has(arrowSchemaKey) || adapted.replaced.some(({ key }) => key === arrowSchemaKey)) {
    return adapted;
  }
  const values = new Set(footers.flatMap((footer) => onlyValue(footer, arrowSchemaKey) ?? []));
  if (![...values].some(hasNarrowIndices)) return adapted;
  const [fields] = [...values].map(arrowFields);
  if (fields === undefined || !canWrite(fields)) return adapted;
  const wider = { key: arrowSchemaKey, value: arrowMessage(fields) };
  return { dropped: adapted.dropped, replaced: [...adapted.replaced, wider] };
}

// What is looked at here, as far as it is told without looking closer: nearly all files are like the one before.
function saysAsBefore(footer: ParquetFooter, before: ParquetFooter | undefined): boolean {
  return (
    footer.keyValues === before?.keyValues &&
    footer.leaves === before.leaves &&
    footer.createdBy === before.createdBy
  );
}

function together(footers: readonly ParquetFooter[]): AdaptedMetadata {
  // Of files that agree in all of it, one tells what all say: nearly always there is but one.
  const firsts = new Map<string, ParquetFooter>();
  for (const footer of footers) {
    const text = textOf(footer);
    if (!firsts.has(text)) firsts.set(text, footer);
  }
  const kinds = [...firsts.values()];
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
  const spark = kinds.flatMap((footer) => onlyValue(footer, sparkSchemaKey) ?? []);
  const arrows = base.has(arrowSchemaKey) ? [] : kinds.map(arrowOf).filter((fields) => fields !== undefined);
  const isOneArrow = new Set(arrows.map((fields) => JSON.stringify(fields))).size < 2;
  const isOneSchema = others.every(({ schemaKey }) => schemaKey === first.schemaKey);
  const drop = arrows.length > 0 && arrows.length < kinds.length && !isOneSchema;
  const icebergs = new Set(kinds.map((footer) => onlyValue(footer, icebergKey)));
  return {
    dropped: new Set([...(drop ? [arrowSchemaKey] : []), ...(icebergs.size > 1 ? [icebergKey] : [])]),
    replaced: [
      ...(new Set(spark).size > 1 ? [{ key: sparkSchemaKey, value: unifiedSparkSchema(spark) }] : []),
      ...(drop || isOneArrow
        ? []
        : [{ key: arrowSchemaKey, value: arrowMessage(unifiedArrowFields(arrows)) }]),
    ],
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
