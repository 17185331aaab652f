import { isDate, partitionLabel } from '../../core/partition-key.ts';
import { addDays } from '../../partition/partition-dates.ts';
import { printable } from './printable.ts';

/**
 * Partitions in few words: days in a row as `2025-08-01 to 2025-08-09`, what a date does not name by its path.
 * @param keys oldest first, each once
 */
export function dateRanges(keys: readonly string[]): string {
  const ranges: { first: string; last: string }[] = [];
  for (const date of keys) {
    const open = ranges.at(-1);
    if (open !== undefined && isDate(open.last) && addDays(open.last, 1) === date) open.last = date;
    else ranges.push({ first: date, last: date });
  }
  return ranges.map(rangeText).join(', ');
}

function rangeText({ first, last }: { readonly first: string; readonly last: string }): string {
  if (first === last) return printable(partitionLabel(first));
  return addDays(first, 1) === last ? `${first}, ${last}` : `${first} to ${last}`;
}
