import type { SortTerm } from '../core/sort-order-text.ts';
import { unifySchemas } from '../parquet/evolution/unify-schemas.ts';
import { sortColumnsOf } from '../parquet/sort/sort-columns.ts';
import type { FooterMemory } from '../partition/footer-memory.ts';
import type { PartitionPlan } from '../plan/partition-plan.ts';

/**
 * Looks whether the rows of every bin can be sorted, before anything is merged and by what planning has read: so that a dry run says
 * so too. A bin of schemas that are not remembered is passed over; its merge finds out.
 * @throws ConfigError `cannot-sort`
 */
export function checkSortable(
  { bins }: Pick<PartitionPlan, 'bins'>,
  by: readonly SortTerm[],
  footers: FooterMemory,
): void {
  for (const { inputs } of bins) {
    const keys = new Set(
      inputs.map((ref) => {
        const content = footers.contentOf(ref);
        return content !== undefined && 'schemaKey' in content ? content.schemaKey : '';
      }),
    );
    const schemas = [...keys].flatMap((key) => footers.schemaOf(key) ?? []);
    const [first] = schemas;
    if (first === undefined || schemas.length < keys.size) continue;
    const leaves = schemas.length === 1 ? first.leaves : unifySchemas(schemas).leaves;
    sortColumnsOf(leaves, by, besideOf(first.file, inputs[0]?.name ?? ''));
  }
}

/** What messages call the file of that name in the same directory. */
function besideOf(file: string, name: string): string {
  return `${file.slice(0, file.lastIndexOf('/') + 1)}${name}`;
}
