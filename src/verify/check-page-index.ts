import { compareValues } from '../parquet/compare-values.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import type { LeafColumn } from '../parquet/metadata/leaf-column.ts';
import type { ColumnIndex, OffsetIndex } from '../parquet/metadata/page-index.ts';
import type { PageFingerprint } from '../parquet/read/fingerprint-file.ts';
import type { PageIndex } from '../parquet/read/page-indexes.ts';
import { shortBoundBytes } from '../parquet/write/page-index.ts';
import { difference } from './staged-difference.ts';

/**
 * Holds the page indexes of a row group against its pages: readers skip pages by them, so a wrong one makes rows invisible
 * to queries, or shows the wrong ones, although every value is there. Places, first rows and counts must be exact, bounds
 * never narrower than the values, exact where they are not cut, and in the order that is stated.
 * @param pages by leaf, as they were found
 * @param indexes by leaf, as they are stated
 * @throws VerifyError at the first wrong index
 */
export function checkPageIndexes(
  footer: ParquetFooter,
  rowGroup: number,
  pages: readonly (readonly PageFingerprint[])[],
  indexes: readonly PageIndex[],
): void {
  for (const leaf of footer.leaves) {
    const held = pages[leaf.index] ?? [];
    const { offsetIndex, columnIndex } = indexes[leaf.index] ?? {};
    const problem =
      (offsetIndex && offsetProblem(offsetIndex, held)) ??
      (columnIndex && offsetIndex === undefined
        ? { expected: 'no column index without an offset index', found: 'one' }
        : undefined) ??
      (columnIndex && boundsProblem(leaf, columnIndex, held));
    if (problem !== undefined) {
      throw difference({ code: 'page-index', staged: footer.file, rowGroup, column: leaf.path, ...problem });
    }
  }
}

interface Problem {
  readonly expected: string;
  readonly found: string;
}

function offsetProblem({ pages }: OffsetIndex, held: readonly PageFingerprint[]): Problem | undefined {
  if (pages.length !== held.length) {
    return { expected: `an offset index of ${held.length} pages`, found: `${pages.length}` };
  }
  let firstRow = 0;
  for (const [i, { offsetBytes, sizeBytes, rows }] of held.entries()) {
    const page = pages[i];
    if (page?.offsetBytes !== offsetBytes || page.sizeBytes !== sizeBytes || page.firstRow !== firstRow) {
      return {
        expected: `page ${i} of row ${firstRow} on in ${sizeBytes} bytes at offset ${offsetBytes}`,
        found: `row ${page?.firstRow}, ${page?.sizeBytes} bytes, offset ${page?.offsetBytes} in the offset index`,
      };
    }
    firstRow += rows;
  }
  return undefined;
}

function boundsProblem(
  leaf: LeafColumn,
  index: ColumnIndex,
  held: readonly PageFingerprint[],
): Problem | undefined {
  const { nullPages, minima, maxima, nullCounts, nanCounts } = index;
  for (const list of [nullPages, minima, maxima, nullCounts, nanCounts]) {
    if (list !== undefined && list.length !== held.length) {
      return { expected: `a column index of ${held.length} pages`, found: `${list.length}` };
    }
  }
  for (const [i, page] of held.entries()) {
    const problem =
      countProblem(`page ${i} with ${page.nulls} nulls`, page.nulls, nullCounts?.[i]) ??
      countProblem(`page ${i} with ${page.nans} NaNs`, page.nans, nanCounts?.[i]);
    if (problem !== undefined) return problem;
    if (page.nans > 0) return { expected: `no column index, since page ${i} has a NaN`, found: 'one' };
    const isNullPage = page.values === 0;
    if (nullPages[i] !== isNullPage) {
      return {
        expected: `page ${i} ${isNullPage ? 'of nulls alone' : 'with values'}`,
        found: 'the opposite',
      };
    }
    const bound =
      boundProblem(leaf, `page ${i} with a least value`, minima[i], page.min, 1) ??
      boundProblem(leaf, `page ${i} with a greatest value`, maxima[i], page.max, -1);
    if (!isNullPage && bound !== undefined) return bound;
  }
  return orderProblem(leaf, index);
}

function countProblem(what: string, held: number, stated: number | undefined): Problem | undefined {
  if (stated === undefined || stated === held) return undefined;
  return { expected: `${what} in the column index`, found: `${stated}` };
}

function boundProblem(
  leaf: LeafColumn,
  what: string,
  stated: Uint8Array | undefined,
  held: Uint8Array | undefined,
  wrongSide: 1 | -1,
): Problem | undefined {
  const found = stated === undefined ? 'none' : `0x${hex(stated)}`;
  if (held === undefined) return { expected: 'no column index, since the column has no order', found };
  const expected = `${what} of 0x${hex(held)}`;
  // What is not cut is exact.
  if (held.length <= shortBoundBytes || leaf.widthBytes > 0) {
    const isExact = stated !== undefined && Buffer.compare(stated, held) === 0;
    return isExact ? undefined : { expected: `${expected} in the column index`, found };
  }
  if (stated === undefined || compareValues(leaf.sortOrder, stated, held) * wrongSide > 0) {
    return { expected: `${expected} or beyond in the column index`, found };
  }
  return undefined;
}

function orderProblem(
  leaf: LeafColumn,
  { nullPages, minima, maxima, order }: ColumnIndex,
): Problem | undefined {
  if (order === 'unordered' || order === 'unknown') return undefined;
  const sign = order === 'ascending' ? 1 : -1;
  for (const bounds of [minima, maxima]) {
    let before: Uint8Array | undefined;
    for (const [i, bound] of bounds.entries()) {
      if (nullPages[i] === true) continue;
      if (before !== undefined && compareValues(leaf.sortOrder, before, bound) * sign > 0) {
        return { expected: `bounds in ${order} order in the column index`, found: `others at page ${i}` };
      }
      before = bound;
    }
  }
  return undefined;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
