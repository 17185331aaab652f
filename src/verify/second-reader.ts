import type { ByteSource } from '../core/byte-source.ts';

/** Rows of one file, from `firstRow` (0-based). */
export interface RowRange {
  readonly firstRow: number;
  readonly rows: number;
}

/**
 * What a reader made of one leaf column over a row range: one entry per row in the reader's own terms (two readings
 * by the same reader compare with `sameReading`); or the `limit` of the reader that forbids to ask it, known
 * beforehand; or how it unexpectedly `failed`.
 */
export type ColumnReading =
  | { readonly rows: readonly unknown[] }
  | { readonly limit: string }
  | { readonly failed: string };

/** Readings by {@link columnKey}. A leaf that is not in it was not read. */
export type Readings = ReadonlyMap<string, ColumnReading>;

/** What a leaf column is, as a reader sees it. */
export interface ColumnShape {
  /** Of each name on the path from below the root: `REQUIRED`, `OPTIONAL` or `REPEATED`. */
  readonly repetitions: readonly string[];
  /** Physical type, such as `INT32`. */
  readonly type: string;
  /** Whether its whole numbers have no sign. */
  readonly isUnsigned: boolean;
}

/** One Parquet file as an independent reader sees it. Nothing to close: the source stays its opener's. */
export interface SecondReaderFile {
  readonly rows: number;
  /** Its leaf columns by their keys. */
  readonly columns: ReadonlyMap<string, ColumnShape>;
  /**
   * Reads the range of all leaf columns, or of those whose keys are in `only`.
   * @throws StoreError when the source does; a failure of the reader itself is the reading of that column.
   */
  read(range: RowRange, only?: ReadonlySet<string>): Promise<Readings>;
}

/** A Parquet reader that shares no code with ours. */
export interface SecondReader {
  /** Package name, for the receipt. */
  readonly name: string;
  /**
   * Opens a file by the reader's own reading of its footer.
   * @throws StoreError when the source does; the reader's own errors when it does not understand the footer.
   */
  open(source: ByteSource): Promise<SecondReaderFile>;
}

/** Identity of a leaf column, safe for names with dots in them. */
export function columnKey(pathNames: readonly string[]): string {
  return JSON.stringify(pathNames);
}

/** The names that a key stands for. */
export function pathOfKey(key: string): readonly string[] {
  const names: unknown = JSON.parse(key);
  return Array.isArray(names) ? names.map(String) : [];
}

/** The dotted path a key stands for, for messages. */
export function columnName(key: string): string {
  return pathOfKey(key).join('.');
}

/** Two readings of consecutive rows as one. */
export function joined(before: ColumnReading | undefined, next: ColumnReading): ColumnReading {
  if (before === undefined || !('rows' in next)) return next;
  return 'rows' in before ? { rows: [...before.rows, ...next.rows] } : before;
}
