import { compareValues } from '../parquet/compare-values.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import { type StatedStatistics, statisticsOf } from '../parquet/metadata/column-chunk.ts';
import type { LeafColumn } from '../parquet/metadata/leaf-column.ts';
import type { ChunkFingerprint } from '../parquet/read/fingerprint-file.ts';
import { difference } from './staged-difference.ts';

/**
 * Holds the statistics that the staged file's footer has of a row group against what its column chunks hold: readers skip row
 * groups by them, so a wrong one makes rows invisible to queries although every value is there. Null counts must be exact,
 * extremes never narrower than the values, and exact where the footer says so.
 * @param found by leaf
 * @throws VerifyError at the first wrong statistic
 */
export function checkStatistics(
  footer: ParquetFooter,
  rowGroup: number,
  found: readonly ChunkFingerprint[],
): void {
  for (const leaf of footer.leaves) {
    const chunk = footer.rowGroups[rowGroup]?.chunks[leaf.index];
    const stated = chunk === undefined ? undefined : statisticsOf(chunk);
    const held = found[leaf.index];
    if (stated === undefined || held === undefined) continue;
    const problem = problemOf(leaf, stated, held);
    if (problem !== undefined) {
      throw difference({ code: 'statistics', staged: footer.file, rowGroup, column: leaf.path, ...problem });
    }
  }
}

function problemOf(
  leaf: LeafColumn,
  stated: StatedStatistics,
  held: ChunkFingerprint,
): { expected: string; found: string } | undefined {
  if (stated.nullCount !== undefined && stated.nullCount !== held.nulls) {
    return { expected: `statistics with ${held.nulls} nulls`, found: `${stated.nullCount}` };
  }
  if (stated.nanCount !== undefined && stated.nanCount !== held.nans) {
    return { expected: `statistics with ${held.nans} NaNs`, found: `${stated.nanCount}` };
  }
  // Fields of unknown order: a sorted column of signed numbers may use them, this program never does.
  if (stated.deprecatedMin !== undefined || stated.deprecatedMax !== undefined) {
    return { expected: 'no deprecated statistics', found: 'some' };
  }
  return (
    boundProblem(leaf, 'least', stated.min, stated.minExact, held.min, 1) ??
    boundProblem(leaf, 'greatest', stated.max, stated.maxExact, held.max, -1)
  );
}

function boundProblem(
  leaf: LeafColumn,
  which: string,
  stated: Uint8Array | undefined,
  isExact: boolean | undefined,
  held: Uint8Array | undefined,
  wrongSide: 1 | -1,
): { expected: string; found: string } | undefined {
  if (stated === undefined) return undefined;
  const found = `0x${hex(stated)}`;
  if (held === undefined) return { expected: `no ${which} value, since no value of it has an order`, found };
  const expected = `a ${which} value of 0x${hex(held)}`;
  if (leaf.widthBytes > 0 && stated.length !== held.length) return { expected, found };
  if (isExact === true && Buffer.compare(stated, held) !== 0) return { expected, found };
  const narrower = compareValues(leaf.sortOrder, stated, held) * wrongSide > 0;
  return narrower ? { expected: `${expected} or beyond`, found } : undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
