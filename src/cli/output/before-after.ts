import { formatSize } from '../../core/units.ts';
import { formatChange, formatCount } from './numbers.ts';
import { textTable } from './text-table.ts';

/** Figures before and after a merge. */
export interface BeforeAfter {
  readonly files: readonly [number, number];
  readonly bytes: readonly [number, number];
  readonly rows: readonly [number, number];
  readonly rowGroups: readonly [number, number];
}

/** The table that shows what a merge changed. */
export function beforeAfterTable({ files, bytes, rows, rowGroups }: BeforeAfter): string {
  const fewer = { less: 'fewer', more: 'more' };
  const counts = (name: string, [before, after]: readonly [number, number]): string[] => [
    name,
    formatCount(before),
    formatCount(after),
    formatChange(before, after, fewer),
  ];
  return textTable(
    [
      { title: '', align: 'left' },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right' },
      { title: '', align: 'left' },
    ],
    [
      counts('Files', files),
      [
        'Size',
        formatSize(bytes[0]),
        formatSize(bytes[1]),
        formatChange(bytes[0], bytes[1], { less: 'smaller', more: 'larger' }),
      ],
      counts('Rows', rows),
      counts('Row groups', rowGroups),
    ],
  );
}
