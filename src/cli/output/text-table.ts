/** One column of a text table. */
export interface TextColumn {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/**
 * Rows under titles, columns two spaces apart, indented by two; no trailing spaces. Cells are counted by code point,
 * so they must be without colour.
 */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...rows.map((row) => widthOf(row[index] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    `  ${columns
      .map((column, index) => {
        const cell = cells[index] ?? '';
        const gap = ' '.repeat((widths[index] ?? 0) - widthOf(cell));
        return column.align === 'right' ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd()}\n`;
  const titles = columns.map((column) => column.title);
  const header = titles.every((title) => title === '') ? '' : line(titles);
  return header + rows.map(line).join('');
}

function widthOf(text: string): number {
  return [...text].length;
}
