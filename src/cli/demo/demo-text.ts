import { formatSize } from '../../core/units.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { formatChange, formatCount } from '../output/numbers.ts';
import type { Style } from '../output/style.ts';
import { textTable } from '../output/text-table.ts';
import type { DemoDataset } from './demo-dataset.ts';
import { demoDate } from './demo-files.ts';
import type { QueryCost } from './query-cost.ts';

/** What the last part of the demo shows. */
export interface DemoEnding {
  readonly style: Style;
  readonly before: QueryCost;
  readonly after: QueryCost;
  readonly queryText: string;
  /** Result of the second run. */
  readonly second: PartitionResult;
  /** How the wrapper is called. */
  readonly wrapper: string;
  readonly dataset: DemoDataset;
  /** Path of the merged file, as the operator would write it. */
  readonly output: string;
}

/** What a query cost before and after, that a second run has nothing to do, and what to type next. */
export function demoText(ending: DemoEnding): string {
  const { style, before, after, queryText, second, dataset } = ending;
  const fewer = { less: 'fewer', more: 'more' };
  const table = textTable(
    [
      { title: '', align: 'left' },
      { title: 'before', align: 'right' },
      { title: 'after', align: 'right' },
      { title: '', align: 'left' },
    ],
    [
      [
        'Files opened',
        formatCount(before.opens),
        formatCount(after.opens),
        formatChange(before.opens, after.opens, fewer),
      ],
      [
        'Reads',
        formatCount(before.reads),
        formatCount(after.reads),
        formatChange(before.reads, after.reads, fewer),
      ],
      [
        'Bytes read',
        formatSize(before.bytesRead),
        formatSize(after.bytesRead),
        formatChange(before.bytesRead, after.bytesRead, fewer),
      ],
      [
        'Time',
        `${before.medianMs.toFixed(1)} ms`,
        `${after.medianMs.toFixed(1)} ms`,
        formatChange(before.medianMs, after.medianMs, { less: 'less', more: 'more' }),
      ],
    ],
  );
  return (
    `\n${style.bold('4. What a query over the partition costs')}\n` +
    `   ${queryText}.\n` +
    `   Measured here and now, median of 5, ${dataset.whereMeasured}.\n\n` +
    `${table}\n` +
    `   The same answer both times, over ${formatCount(after.rows)} rows.\n\n` +
    `${style.bold('5. A second run')}\n   ${second.reason}\n\n` +
    (dataset.staysForMore ? nextText(ending) : '') +
    dataset.closing.map((line) => `${line}\n`).join('')
  );
}

function nextText({ style, wrapper, dataset, output }: DemoEnding): string {
  const command = `   ${wrapper}${dataset.baseFlag}`;
  return (
    `${style.bold('What to type next')}\n` +
    `${command} --date ${demoDate} --dry-run --verbose    why each file is left alone\n` +
    `   ${wrapper} inspect ${output}\n` +
    `${command} undo ${demoDate}    ${dataset.undoBrings}\n`
  );
}
