import { type SchemaDifference, schemaDiff, schemaDiffLines } from '../../parquet/evolution/schema-diff.ts';
import type { ParquetFooter } from '../../parquet/footer.ts';
import { readingMetadata } from '../../parquet/metadata/reading-metadata.ts';
import { printable } from '../output/printable.ts';
import type { Style } from '../output/style.ts';

/** In what the schemas of two files differ. Plain data. */
export interface SchemaComparison {
  readonly first: string;
  readonly second: string;
  /** Whether the schema elements are equal byte for byte. */
  readonly isSame: boolean;
  readonly differences: readonly SchemaDifference[];
  /** Keys of the key-value metadata that say how values are read, and differ. */
  readonly differingKeys: readonly string[];
}

/** Compares the schemas of two files. */
export function compareSchemas(first: ParquetFooter, second: ParquetFooter): SchemaComparison {
  const [one, other] = [readingMetadata(first) ?? {}, readingMetadata(second) ?? {}];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return {
    first: first.file,
    second: second.file,
    isSame: first.schemaKey === second.schemaKey,
    differences: schemaDiff(first, second),
    differingKeys: keys.filter((key) => one[key] !== other[key]),
  };
}

/** The comparison as text for a person. */
export function renderComparison(comparison: SchemaComparison, style: Style): string {
  const { isSame, differences, differingKeys } = comparison;
  const lines = [
    ...schemaDiffLines(differences),
    ...differingKeys.map((key) => `keeps apart: metadata ${key}, which says how values are read, differs`),
  ];
  if (lines.length === 0) {
    lines.push(
      isSame
        ? 'The schemas are the same.'
        : 'Same columns, types and order; the schemas differ only in bytes that say nothing of them.',
    );
  }
  const heads = `${style.bold('first')}   ${comparison.first}\n${style.bold('second')}  ${comparison.second}\n`;
  return `${heads}\n${lines.map((line) => `  ${printable(line)}\n`).join('')}`;
}
