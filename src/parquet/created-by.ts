import { readStamp } from './consolidation-stamp.ts';
import { readFoldStamp } from './fold/fold-stamp.ts';
import type { ParquetFooter } from './footer.ts';
import { physicalType } from './format.ts';
import { isBefore, writerVersion } from './writer-version.ts';

const javaPrefix = 'parquet-mr';
/** The first whose statistics readers believe (PARQUET-251, PARQUET-686). */
const trustedJavaVersion = [1, 10, 0] as const;
const ownName = 'parquet-consolidator';

/** Most writers that a merged file names, and most characters of a name. */
const mostWriters = 16;
const mostNameCharacters = 200;

/**
 * What a file made of these files says as `created_by`: the name of this program, except where INT96 timestamps of
 * parquet-mr are in it. Hive (by default), Impala and Spark (where told so) move such timestamps by a time zone or not
 * according to whether the writer's name begins with parquet-mr; so it must begin so as long as the values are those.
 * @param own `parquet-consolidator version 1.2.3`
 */
export function createdByOf(footers: readonly ParquetFooter[], own: string): string {
  if (int96Writer(footers) !== 'parquet-mr') return own;
  const versions = footers.map(({ createdBy }) => writerVersion(createdBy, javaPrefix) ?? []);
  const newest = versions.reduce((a, b) => (isBefore(a, b) ? b : a), trustedJavaVersion);
  return `${javaPrefix} version ${newest.join('.')} (build ${own.replace(' version ', ' ').replaceAll(/[()]/g, '')})`;
}

/** Whether this program wrote the file, going by its `created_by`. */
export function isOwnWriter(createdBy: string | undefined): boolean {
  if (createdBy === undefined) return false;
  return (
    createdBy.startsWith(`${ownName} `) ||
    /^parquet-mr version \S+ \(build parquet-consolidator /.test(createdBy)
  );
}

/** Whether this program merged the file, and did not only fold it: its row groups are as it writes them. */
export function isMergedFile(footer: ParquetFooter): boolean {
  return (
    isOwnWriter(footer.createdBy) && readStamp(footer) !== undefined && readFoldStamp(footer) === undefined
  );
}

/**
 * Whose INT96 timestamps the files hold: undefined when none has such a column. Files without rows do not count where there
 * are others.
 */
export function int96Writer(
  footers: readonly ParquetFooter[],
): 'parquet-mr' | 'others' | 'parquet-mr and others' | undefined {
  // Files of one schema share their leaves.
  let last: ParquetFooter['leaves'] = [];
  let isHolding = false;
  const holding = footers.filter(({ leaves }) => {
    if (leaves !== last) isHolding = leaves.some(({ type }) => type === physicalType.INT96);
    last = leaves;
    return isHolding;
  });
  const withRows = holding.filter(({ rows }) => rows > 0);
  const counted = withRows.length > 0 ? withRows : holding;
  if (counted.length === 0) return undefined;
  const ofJava = counted.filter(({ createdBy }) => createdBy?.startsWith(javaPrefix) ?? false).length;
  if (ofJava === 0) return 'others';
  return ofJava === counted.length ? 'parquet-mr' : 'parquet-mr and others';
}

/**
 * The writers of the files, each once, in the order in which they come; of a file of this program those that it names. Of
 * very many only the first are named, with the number of the others.
 */
export function writersOf(footers: readonly ParquetFooter[]): readonly string[] {
  const writers = new Set<string>();
  let last: string | undefined;
  for (const footer of footers) {
    if (footer.createdBy !== undefined && footer.createdBy === last) continue;
    const isOwn = isOwnWriter(footer.createdBy);
    last = isOwn ? undefined : footer.createdBy;
    const stamp = isOwn ? (readFoldStamp(footer) ?? readStamp(footer)) : undefined;
    const known = stamp?.writers;
    for (const writer of known ?? [footer.createdBy ?? 'not stated'])
      writers.add(writer.slice(0, mostNameCharacters));
  }
  if (writers.size <= mostWriters) return [...writers];
  return [...[...writers].slice(0, mostWriters - 1), `and ${writers.size - mostWriters + 1} others`];
}
