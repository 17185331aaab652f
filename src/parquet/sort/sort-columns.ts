import { ConfigError } from '../../core/errors.ts';
import type { SortTerm } from '../../core/sort-order-text.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { SortingColumn } from '../metadata/sorting-columns.ts';

/** A column that rows are sorted by, found in a schema. */
export interface SortColumn extends SortingColumn {
  readonly of: LeafColumn;
}

/**
 * Finds the columns that rows are to be sorted by. Values compare as the format says for statistics; NaN counts as
 * greater than every number, and -0.0 as less than 0.0.
 * @throws ConfigError `cannot-sort` for a column that is not there, is repeated, comes twice, or has no order
 */
export function sortColumnsOf(
  leaves: readonly LeafColumn[],
  by: readonly SortTerm[],
  file: string,
): readonly SortColumn[] {
  const columns: SortColumn[] = [];
  for (const { path, isDescending, nullsFirst } of by) {
    const leaf = leaves.find((one) => one.path === path);
    const refused = leaf === undefined ? whyAbsent(leaves, path) : whyUnsortable(leaf);
    if (leaf === undefined || refused !== undefined) throw cannotSort(path, refused ?? 'is not there', file);
    if (columns.some(({ of }) => of === leaf)) throw cannotSort(path, 'is named twice', file);
    columns.push({ leaf: leaf.index, isDescending, nullsFirst, of: leaf });
  }
  return columns;
}

function whyAbsent(leaves: readonly LeafColumn[], path: string): string {
  if (leaves.some((leaf) => leaf.path.startsWith(`${path}.`)))
    return 'is a group, and not a column of values';
  const names = leaves.slice(0, 8).map((leaf) => leaf.path);
  return `does not exist; there are ${names.join(', ')}${leaves.length > names.length ? ', …' : ''}`;
}

function whyUnsortable({ maxRepetitionLevel, sortOrder, widthBytes }: LeafColumn): string | undefined {
  if (maxRepetitionLevel > 0) return 'is inside a list or map: a row has many values of it, or none';
  if (sortOrder === 'none') return 'is of a type that the format defines no order for';
  if (sortOrder === 'float16') return 'is of type FLOAT16, which is not sorted by';
  if (sortOrder === 'signed-bytes' && widthBytes === 0) {
    return 'is a DECIMAL of varying length (BYTE_ARRAY), which is not sorted by';
  }
  return undefined;
}

function cannotSort(path: string, why: string, file: string): ConfigError {
  return new ConfigError(`rows cannot be sorted by ${path}: it ${why} (schema of ${file})`, {
    code: 'cannot-sort',
    hint: 'Name columns with one value a row in sort_by (--sort-by), such as "vehicle_id, event_time desc"; inspect shows the columns.',
    dataState: 'nothing was touched',
  });
}
