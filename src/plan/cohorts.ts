import type { DataFile } from './data-file.ts';

/**
 * Files that may be merged with each other: one schema, read in one way, one owner, group, mode and ACL, kept in one way,
 * found by the same globs.
 */
export interface Cohort {
  readonly key: string;
  /** In the order they were given in; at least one. */
  readonly files: readonly [DataFile, ...DataFile[]];
}

/** Groups files by what they must share, in the order of each cohort's first file. */
export function cohortsOf(files: readonly DataFile[]): readonly Cohort[] {
  const cohorts = new Map<string, [DataFile, ...DataFile[]]>();
  for (const file of files) {
    const key = cohortKey(file);
    const cohort = cohorts.get(key);
    if (cohort === undefined) cohorts.set(key, [file]);
    else cohort.push(file);
  }
  return [...cohorts].map(([key, members]) => ({ key, files: members }));
}

/**
 * Equal for two files exactly when merging them changes neither what their values are, nor who reads the rows (by
 * right, or by a glob such as `*.parquet`), nor how safely they are kept.
 */
export function cohortKey(file: DataFile): string {
  const { footer, owner, group, mode, acl, placement } = file;
  const reading = Object.entries(footer.reading ?? {}).sort();
  return JSON.stringify([
    footer.schemaKey,
    reading,
    endingOf(file.name),
    owner,
    group,
    mode,
    [...acl].sort(),
    placement?.replication,
    placement?.storagePolicy,
  ]);
}

/**
 * The ending by which globs choose a file (`.parquet` and the like, in the case it is written in); `''` for any other,
 * so that `x.parquet.bak`, which somebody took out of the way of `*.parquet`, does not come back under that name, and
 * no merged file is named after it.
 */
export function endingOf(name: string): string {
  return /\.(?:parquet|parq|pq)$/i.exec(name)?.[0] ?? '';
}
