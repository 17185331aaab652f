/** A column that rows are to be sorted by. Plain data. */
export interface SortTerm {
  /** Dotted path of the column. */
  readonly path: string;
  readonly isDescending: boolean;
  /** Else they come last, also where the order descends. */
  readonly nullsFirst: boolean;
}

/**
 * The columns that a text such as `vehicle_id, event_time desc nulls first` names, the most significant first; undefined for
 * a text that is none.
 */
export function parseSortOrder(text: string): readonly SortTerm[] | undefined {
  const terms: SortTerm[] = [];
  for (const part of text.split(',')) {
    const [path, ...words] = part.trim().split(/\s+/);
    const direction = /^(asc |desc |)(nulls first |nulls last |)$/.exec(
      words.map((word) => `${word.toLowerCase()} `).join(''),
    );
    if (path === undefined || path === '' || direction === null || path.includes('\0')) return undefined;
    terms.push({ path, isDescending: direction[1] === 'desc ', nullsFirst: direction[2] === 'nulls first ' });
  }
  return terms;
}

/** The text that {@link parseSortOrder} reads, as short as it can be. */
export function sortOrderText(terms: readonly SortTerm[]): string {
  return terms
    .map(({ path, isDescending, nullsFirst }) => {
      return `${path}${isDescending ? ' desc' : ''}${nullsFirst ? ' nulls first' : ''}`;
    })
    .join(', ');
}
