/** What a reader decoded of one column: level entries, and the values of those that have one. */
export interface LevelEntries {
  /** Repetition level of each entry; empty when the column is not repeated. */
  readonly repetition: readonly number[];
  /** Definition level of each entry; empty when every entry has a value. */
  readonly definition: readonly number[];
  readonly values: Indexed;
}

/** What has values by number: any array, or what makes them when they are asked for. */
export interface Indexed {
  readonly length: number;
  at(index: number): unknown;
}

/** Gathers the rows of a range out of the pages of one column chunk, in order. */
export interface RowCollector {
  /** Adds the entries of the next page. */
  add(entries: LevelEntries): void;
  /** True when no later page can add to the range. */
  isComplete(): boolean;
  /**
   * One entry per row of the range: the value or null of a column that is neither nested nor repeated, else the
   * row's triples of repetition level, definition level and value.
   */
  rows(): readonly unknown[];
}

/**
 * @param firstRow first row wanted, counted from the first entry added
 * @param rowCount rows wanted
 */
export function rowCollector(
  column: { readonly maxDefinition: number; readonly isFlat: boolean },
  firstRow: number,
  rowCount: number,
): RowCollector {
  const wanted: unknown[] = [];
  const endRow = firstRow + rowCount;
  let row = -1;
  let triples: unknown[] = [];
  return {
    add: ({ repetition, definition, values }) => {
      const count = Math.max(repetition.length, definition.length) || values.length;
      let next = 0;
      for (let i = 0; i < count && row < endRow; i++) {
        const level = definition.length === 0 ? column.maxDefinition : definition[i];
        const place = level === column.maxDefinition ? next++ : undefined;
        const repeats = repetition.length === 0 ? 0 : repetition[i];
        if (repeats === 0) row++;
        if (row < firstRow || row >= endRow) continue;
        const value = place === undefined ? null : values.at(place);
        if (column.isFlat) {
          wanted.push(value);
          continue;
        }
        if (repeats === 0) {
          triples = [];
          wanted.push(triples);
        }
        triples.push([repeats, level, value]);
      }
    },
    // The last row of a repeated column ends where the next one begins.
    isComplete: () => row >= (column.isFlat ? endRow - 1 : endRow),
    rows: () => wanted,
  };
}
