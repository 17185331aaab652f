import { compareValues } from '../parquet/compare-values.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import { statisticsOf } from '../parquet/metadata/column-chunk.ts';

/** So many row groups of a file are compared with each other, spread over it. */
const mostCompared = 200;

/**
 * The share of a file's row groups that a reader has to look into for a value of the column that is there: how many have
 * bounds that hold the least value of a row group, on average over the row groups. 1 where bounds rule out nothing; a row group without
 * bounds is always looked into.
 *
 * @param path dotted, of a leaf
 * @returns undefined where the file has no such column, or no row group
 * @throws FormatError when statistics break the format
 */
export function lookedIntoShare(footer: ParquetFooter, path: string): number | undefined {
  const leaf = footer.leaves.find((one) => one.path === path);
  if (leaf === undefined) return undefined;
  const all = footer.rowGroups.filter(({ rows }) => rows > 0);
  const step = Math.max(1, all.length / mostCompared);
  const bounds = Array.from({ length: Math.min(all.length, mostCompared) }, (_, i) => {
    const chunk = all[Math.floor(i * step)]?.chunks[leaf.index];
    const { min, max } = (chunk && statisticsOf(chunk)) ?? {};
    return { min, max };
  });
  if (bounds.length === 0) return undefined;
  let looked = 0;
  let asked = 0;
  for (const { min: value } of bounds) {
    if (value === undefined) continue;
    asked++;
    for (const { min, max } of bounds) {
      const isRuledOut =
        min !== undefined &&
        max !== undefined &&
        (compareValues(leaf.sortOrder, value, min) < 0 || compareValues(leaf.sortOrder, value, max) > 0);
      if (!isRuledOut) looked++;
    }
  }
  return asked === 0 ? 1 : looked / (asked * bounds.length);
}
