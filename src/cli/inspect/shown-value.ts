import { printable } from '../output/printable.ts';
import type { ReadableValue } from './readable-value.ts';

/** Longest text of a value in a table; JSON has it whole. */
const longestValue = 28;

/** A value as a cell of a table: cut where it is long, `''` where it is empty, `-` where there is none. */
export function shownValue(value: ReadableValue | undefined): string {
  if (value === undefined) return '-';
  if (typeof value !== 'string') return Object.is(value, -0) ? '-0' : String(value);
  if (value === '') return "''";
  const shown = [...printable(value)];
  return shown.length <= longestValue ? shown.join('') : `${shown.slice(0, longestValue - 1).join('')}…`;
}
