/**
 * The version of the application that wrote a file, when it is this one: `[1, 8, 1]`; empty when it states none. Undefined
 * for other applications. The form is that of parquet-java's `VersionParser` and Arrow's `ApplicationVersion`:
 * `parquet-mr version 1.8.1 (build …)`.
 */
export function writerVersion(
  createdBy: string | undefined,
  application: string,
): readonly number[] | undefined {
  const writer = writerOf(createdBy ?? '');
  return writer.application === application ? writer.version : undefined;
}

interface Writer {
  readonly createdBy: string;
  readonly application: string | undefined;
  readonly version: readonly number[];
}

// Asked several times about every file, and files of one job have one writer.
let last: Writer = { createdBy: '', application: '', version: [] };

function writerOf(createdBy: string): Writer {
  if (createdBy === last.createdBy) return last;
  const [name = '', text = ''] = createdBy.split(/\s+version\s+/, 2);
  const version = (/^\d+(?:\.\d+)*/.exec(text)?.[0].split('.') ?? []).map(Number);
  last = { createdBy, application: name.split(/[\s(]/, 1)[0], version };
  return last;
}

/** True when the first of two versions comes before the second; numbers that are not there count as 0. */
export function isBefore(version: readonly number[], other: readonly number[]): boolean {
  for (let i = 0; i < Math.max(version.length, other.length); i++) {
    const difference = (version[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
