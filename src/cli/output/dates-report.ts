import { partitionLabel } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { dateRanges } from './date-ranges.ts';
import { counted, formatCount, formatDuration } from './numbers.ts';
import { printable } from './printable.ts';
import type { ReportContext } from './run-report.ts';
import { isStoreWide } from './store-wide.ts';
import { type TextColumn, textTable } from './text-table.ts';

const columns: readonly TextColumn[] = [
  { title: 'date', align: 'left' },
  { title: 'result', align: 'left' },
  { title: 'files', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'time', align: 'right' },
  { title: 'why', align: 'left' },
];

/**
 * What a person sees after a run over several partitions: a line for each with data, one for all without, and the sum of
 * what was done.
 */
export function datesReport(
  results: readonly PartitionResult[],
  { style, undoCommand }: ReportContext,
): string {
  const rows = results.filter((result) => !isEmpty(result)).map(rowOf);
  const table = rows.length === 0 ? '' : `\n${textTable(columns, rows)}`;
  const done = results.filter((result) => result.result === 'consolidated');
  const undoable = done.find((result) => result.backup !== undefined);
  const undo =
    undoable === undefined ? '' : `Undo one of them: ${undoCommand(partitionLabel(undoable.date))}\n`;
  return `${table}${emptyText(results)}\n${style.bold(headline(done, results, 'consolidated'))}\n${undo}`;
}

/** What a dry run over several partitions shows: a preview of each with data, one line for those without, the sum. */
export function datesPreview(
  results: readonly PartitionResult[],
  previewOf: (result: PartitionResult) => string,
): string {
  const previews = results.filter((result) => !isEmpty(result)).map(previewOf);
  const planned = results.filter((result) => result.result === 'planned');
  return `${previews.join('')}${emptyText(results)}\nDRY RUN: ${headline(planned, results, 'to consolidate')}\n`;
}

/** Whether there is nothing in the partition that anybody could wonder about. */
function isEmpty({ result, rule, warnings }: PartitionResult): boolean {
  return result === 'nothing' && (rule === 'absent' || rule === 'no-data') && warnings.length === 0;
}

function emptyText(results: readonly PartitionResult[]): string {
  const line = (label: string, rule: string): string => {
    const dates = results.filter((one) => isEmpty(one) && one.rule === rule).map(({ date }) => date);
    return dates.length === 0 ? '' : `  ${label} ${counted(dates.length, 'date')}: ${dateRanges(dates)}\n`;
  };
  const lines = line('No partition for', 'absent') + line('No data in', 'no-data');
  return lines === '' ? '' : `\n${lines}`;
}

function rowOf(result: PartitionResult): readonly string[] {
  return result.result === 'consolidated'
    ? [
        printable(partitionLabel(result.date)),
        result.result,
        `${formatCount(result.filesBefore)} → ${formatCount(result.filesAfter)}`,
        `${formatSize(result.bytesBefore)} → ${formatSize(result.bytesAfter ?? 0)}`,
        formatCount(result.rows),
        formatDuration(result.durationMs),
        '',
      ]
    : [printable(partitionLabel(result.date)), result.result, '', '', '', '', whyOf(result)];
}

/** What is said on stderr of the whole store need not stand in every line. */
function whyOf(result: PartitionResult): string {
  return isStoreWide(result) ? result.rule : printable(result.reason);
}

/** `2 partitions of 31 consolidated: 42 files into 2, 1.3M into 820K; 1 failed, 3 waiting`. */
function headline(
  done: readonly PartitionResult[],
  results: readonly PartitionResult[],
  participle: string,
): string {
  const total = (pick: (result: PartitionResult) => number): number =>
    done.reduce((sum, result) => sum + pick(result), 0);
  const bytesAfter = total((result) => result.bytesAfter ?? 0);
  const figures =
    done.length === 0
      ? ''
      : `: ${formatCount(total((result) => result.filesBefore))} files into ` +
        `${formatCount(total((result) => result.filesAfter))}, ${formatSize(total((result) => result.bytesBefore))}` +
        (bytesAfter === 0 ? '' : ` into ${formatSize(bytesAfter)}`);
  const others = (['failed', 'refused', 'waiting'] as const).flatMap((what) => {
    const count = results.filter(({ result }) => result === what).length;
    return count === 0 ? [] : [`${formatCount(count)} ${what}`];
  });
  const rest = others.length === 0 ? '' : `; ${others.join(', ')}`;
  return `${counted(done.length, 'partition')} of ${results.length} ${participle}${figures}${rest}`;
}
