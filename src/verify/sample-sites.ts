import { createHash } from 'node:crypto';
import type { RowRange } from './second-reader.ts';

/** A stretch of rows of the staged file and where they come from. Plain data. */
export interface SampleSite {
  /** Rows of the staged file. */
  readonly staged: RowRange;
  /** The same rows in the inputs, in order; their rows add up to those of `staged`. */
  readonly parts: readonly { readonly inputIndex: number; readonly range: RowRange }[];
  /** Keys of the columns that are looked at here; all that are looked at anywhere when absent. */
  readonly only?: ReadonlySet<string>;
}

/** What limits a sample. */
export interface SampleBudget {
  /** Most rows of one site. */
  readonly siteRows: number;
  /** Most inputs one site reaches into: every file costs the second reader its footer. */
  readonly siteInputs: number;
  /** Sites drawn at random, besides those at the start, the end and either side of a border between row groups. */
  readonly randomSites: number;
}

/** About 1,000 rows from at most 30 inputs. */
export const defaultBudget: SampleBudget = { siteRows: 200, siteInputs: 6, randomSites: 1 };

/**
 * Chooses where to look: the first rows, the last rows, both sides of a border between two row groups of the staged
 * file (where a page or dictionary of the wrong group would show), and random stretches. The same seed chooses the same sites.
 * @param inputRows rows of each input, in order; may hold zeros
 * @param stagedGroupRows rows of each row group of the staged file; the same sum
 * @param seed any text; a new one for every run, so that many runs look at many places
 */
export function chooseSites(
  inputRows: readonly number[],
  stagedGroupRows: readonly number[],
  seed: string,
  budget: SampleBudget = defaultBudget,
): readonly SampleSite[] {
  const total = inputRows.reduce((sum, rows) => sum + rows, 0);
  if (total === 0) return [];
  const random = randomIntegers(seed);
  const starts = [0, lastSiteStart(inputRows, total, budget)];
  const borders = startsOf(stagedGroupRows).filter((row) => row > 0 && row < total);
  const border = borders[random(borders.length)];
  if (border !== undefined) starts.push(border - budget.siteRows, border);
  for (let i = 0; i < budget.randomSites; i++) starts.push(random(total));

  const sites: SampleSite[] = [];
  let covered = 0;
  for (const start of starts.map((row) => Math.max(0, row)).sort((a, b) => a - b)) {
    const firstRow = Math.max(start, covered);
    const site = siteAt(inputRows, firstRow, Math.min(firstRow + budget.siteRows, total), budget.siteInputs);
    if (site === undefined) continue;
    sites.push(site);
    covered = site.staged.firstRow + site.staged.rows;
  }
  return sites;
}

/** Rows of a site at the begin of one input. */
const rowsOfInput = 50;

/** A site at the begin of each of these inputs that has rows. */
export function sitesOfInputs(
  inputRows: readonly number[],
  inputs: readonly number[],
): readonly SampleSite[] {
  const starts = startsOf(inputRows);
  return inputs.flatMap((input) => {
    const rows = Math.min(rowsOfInput, inputRows[input] ?? 0);
    if (rows === 0) return [];
    const range = { firstRow: 0, rows };
    return [{ staged: { firstRow: starts[input] ?? 0, rows }, parts: [{ inputIndex: input, range }] }];
  });
}

/**
 * A site for each of some rows that stand elsewhere than in the inputs.
 * @param rows the row of the staged file, and the row of all inputs, counted through, that it is
 */
export function sitesOfRows(
  inputRows: readonly number[],
  rows: readonly { readonly row: number; readonly origin: number }[],
): readonly SampleSite[] {
  const starts = startsOf(inputRows);
  return rows.map(({ row, origin }) => {
    const inputIndex = inputRows.findIndex((count, i) => origin < (starts[i] ?? 0) + count);
    const range = { firstRow: origin - (starts[inputIndex] ?? 0), rows: 1 };
    return { staged: { firstRow: row, rows: 1 }, parts: [{ inputIndex, range }] };
  });
}

/**
 * One short site drawn from the start, the end, a border and a random place, for a reader that is slow.
 * Arguments as for {@link chooseSites}.
 */
export function chooseSmallSite(
  inputRows: readonly number[],
  stagedGroupRows: readonly number[],
  seed: string,
): readonly SampleSite[] {
  const sites = chooseSites(inputRows, stagedGroupRows, `${seed}/small`, {
    siteRows: 50,
    siteInputs: 2,
    randomSites: 1,
  });
  const site = sites[randomIntegers(`${seed}/which`)(sites.length)];
  return site === undefined ? [] : [site];
}

/** At most `most` of the keys, drawn by the seed. */
export function chooseColumns(keys: readonly string[], most: number, seed: string): ReadonlySet<string> {
  const random = randomIntegers(`${seed}/columns`);
  const left = [...keys];
  const chosen = new Set<string>();
  while (chosen.size < most && left.length > 0) {
    for (const key of left.splice(random(left.length), 1)) chosen.add(key);
  }
  return chosen;
}

/** Where a site begins that ends with the last row and still reaches into no more inputs than it may. */
function lastSiteStart(inputRows: readonly number[], total: number, budget: SampleBudget): number {
  let start = total;
  let inputs = 0;
  for (let i = inputRows.length - 1; i >= 0 && inputs < budget.siteInputs; i--) {
    const rows = inputRows[i] ?? 0;
    if (rows > 0) inputs++;
    start -= rows;
    if (total - start >= budget.siteRows) return total - budget.siteRows;
  }
  return start;
}

/** The site from `firstRow` to before `endRow`, shortened to `mostInputs` inputs; `undefined` when it is empty. */
function siteAt(
  inputRows: readonly number[],
  firstRow: number,
  endRow: number,
  mostInputs: number,
): SampleSite | undefined {
  const parts: { inputIndex: number; range: RowRange }[] = [];
  let rows = 0;
  for (const [inputIndex, inputStart] of startsOf(inputRows).entries()) {
    const inputEnd = inputStart + (inputRows[inputIndex] ?? 0);
    const from = Math.max(firstRow, inputStart);
    const to = Math.min(endRow, inputEnd);
    if (from >= to) continue;
    if (parts.length === mostInputs) break;
    parts.push({ inputIndex, range: { firstRow: from - inputStart, rows: to - from } });
    rows += to - from;
  }
  return rows === 0 ? undefined : { staged: { firstRow, rows }, parts };
}

function startsOf(counts: readonly number[]): readonly number[] {
  let start = 0;
  return counts.map((count) => {
    const here = start;
    start += count;
    return here;
  });
}

/** Integers from 0 to below a limit, the same ones for the same seed; 0 for a limit of 0. */
function randomIntegers(seed: string): (limit: number) => number {
  let drawn = 0;
  return (limit) => {
    const hash = createHash('sha256').update(`${seed}/${drawn++}`).digest();
    return limit === 0 ? 0 : hash.readUIntBE(0, 6) % limit;
  };
}
