import type { DataFile } from './data-file.ts';

/** Files that may be merged with each other: one schema, one owner, group, mode and ACL. */
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

/** Equal for two files exactly when merging them changes neither a schema nor who may read the rows. */
export function cohortKey(file: DataFile): string {
  return JSON.stringify([file.footer.schemaKey, file.owner, file.group, file.mode, [...file.acl].sort()]);
}
