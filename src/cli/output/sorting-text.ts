import type { SortingOutcome } from '../../telemetry/partition-result.ts';
import { printable } from './printable.ts';

type Overlap = SortingOutcome['lookups'][number]['after'];

/** What sorting did for who looks for one value of a column: a line for each. */
export function sortingLines({ by, lookups }: SortingOutcome): readonly string[] {
  return [
    `Sorted    by ${printable(by)}`,
    ...lookups.map(
      ({ column, before, after }) =>
        `          one value of ${printable(column)} lies in ${shareText(after)}, on average; before in ${shareText(before)}`,
    ),
  ];
}

function shareText({ rowGroups, share }: Overlap): string {
  if (share === undefined) return `none of ${rowGroups.toLocaleString('en')} row groups`;
  const opened = share * rowGroups;
  const count = opened < 10 ? opened.toFixed(1) : Math.round(opened).toLocaleString('en');
  return `${count} of ${rowGroups.toLocaleString('en')} row groups (${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %)`;
}
