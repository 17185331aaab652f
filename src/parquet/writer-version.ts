/**
 * The version of the application that wrote a file, when it is this one: `[1, 8, 1]`; empty when it states none. Undefined
 * for other applications. The form is that of parquet-java's `VersionParser` and Arrow's `ApplicationVersion`:
 * `parquet-mr version 1.8.1 (build …)`.
 */
export function writerVersion(
  createdBy: string | undefined,
  application: string,
): readonly number[] | undefined {
  const [name = '', version = ''] = (createdBy ?? '').split(/\s+version\s+/, 2);
  if (name.split(/[\s(]/, 1)[0] !== application) return undefined;
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0].split('.') ?? []).map(Number);
}

/** True when the first of two versions comes before the second; numbers that are not there count as 0. */
export function isBefore(version: readonly number[], other: readonly number[]): boolean {
  for (let i = 0; i < Math.max(version.length, other.length); i++) {
    const difference = (version[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
