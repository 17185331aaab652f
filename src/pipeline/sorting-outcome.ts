import { sortOrderText } from '../core/sort-order-text.ts';
import type { MergeResult } from '../parquet/merge/merge-request.ts';
import type { SortingOutcome } from '../telemetry/partition-result.ts';

/** What a person is told of a merge that sorted; nothing of one that did not. */
export function sortingOutcome({ sorted }: MergeResult): { readonly sorting?: SortingOutcome } {
  if (sorted === undefined) return {};
  const lookups = sorted.overlap.map(({ path, before, after }) => ({ column: path, before, after }));
  return { sorting: { by: sortOrderText(sorted.by), lookups } };
}
