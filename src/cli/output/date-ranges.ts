import { addDays } from '../../partition/partition-dates.ts';

/**
 * Dates in few words: days in a row as `2025-08-01 to 2025-08-09`.
 * @param dates `YYYY-MM-DD`, oldest first, each once
 */
export function dateRanges(dates: readonly string[]): string {
  const ranges: { first: string; last: string }[] = [];
  for (const date of dates) {
    const open = ranges.at(-1);
    if (open !== undefined && addDays(open.last, 1) === date) open.last = date;
    else ranges.push({ first: date, last: date });
  }
  return ranges.map(rangeText).join(', ');
}

function rangeText({ first, last }: { readonly first: string; readonly last: string }): string {
  if (first === last) return first;
  return addDays(first, 1) === last ? `${first}, ${last}` : `${first} to ${last}`;
}
