/**
 * What a partition is called within its dataset. A partition at `date=2025-08-15` has the key `2025-08-15`; one at another path has
 * its date, an `@`, and the path below the base: `2025-08-15@year=2025/month=08/day=15`. So keys sort by date, and say all
 * that is needed to find the partition, whatever the layout is by then. A partition of which only the directory is known,
 * since the layout in force does not tell its date, has nothing before the `@`.
 *
 * Two partitions are the same when their paths are: what the workspace calls them depends on the path alone, so that two runs
 * with different layouts take one lock.
 */

/** True for a date of the calendar written as `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

/**
 * The key of the partition at a path below the base.
 * @param date `YYYY-MM-DD`, or empty where nobody knows it
 */
export function partitionKey(date: string, relativePath: string): string {
  const ofDefault = /^date=(.*)$/.exec(relativePath)?.[1] ?? '';
  return isDate(ofDefault) ? ofDefault : `${date}@${relativePath}`;
}

/** True for what {@link partitionKey} makes. */
export function isPartitionKey(text: string): boolean {
  if (isDate(text)) return true;
  const at = text.indexOf('@');
  if (at < 0) return false;
  const relativePath = text.slice(at + 1);
  return (
    (at === 0 || isDate(text.slice(0, at))) &&
    isRelativePath(relativePath) &&
    partitionKey(text.slice(0, at), relativePath) === text
  );
}

/** The date of a partition, `YYYY-MM-DD`; empty where only its path is known. */
export function dateOf(key: string): string {
  return isDate(key) ? key : key.slice(0, Math.max(0, key.indexOf('@')));
}

/** The path of a partition below the base, without slashes at its ends. */
export function relativePathOf(key: string): string {
  return isDate(key) ? `date=${key}` : key.slice(key.indexOf('@') + 1);
}

/** A partition as people know it: by its date, or, where that does not name it, by its path below the base. */
export function partitionLabel(key: string): string {
  return isDate(key) ? key : relativePathOf(key);
}

/** True for a path below a base that leads nowhere else. */
export function isRelativePath(path: string): boolean {
  return (
    !path.includes('\0') && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
  );
}
