import { formatSize } from '../../core/units.ts';
import type { DateLimits } from '../../partition/list-partitions.ts';
import type { CleanupOutcome } from '../../swap/cleanup.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import type { WantedDates } from '../dates.ts';
import { dateRanges } from './date-ranges.ts';
import { datesPreview, datesReport } from './dates-report.ts';
import { counted } from './numbers.ts';
import { partitionWords, partitionWordsFirst } from './partition-words.ts';
import { previewText } from './preview.ts';
import { partitionReport, type ReportContext } from './run-report.ts';
import { verdictTable } from './verdict-table.ts';

/** What is to be seen of a run. */
export interface TextView {
  readonly dryRun: boolean;
  /** Adds the verdict on every file. */
  readonly verbose: boolean;
}

/** A run, or a preview of one, as a person reads it, below the title; empty when stderr says all there is. */
export function consolidationText(
  results: readonly PartitionResult[],
  { dryRun, verbose }: TextView,
  context: ReportContext,
): string {
  const verdicts = ({ plan }: PartitionResult): string =>
    verbose && plan !== undefined && plan.files.length > 0 ? `\n${verdictTable(plan.files)}` : '';
  const [only] = results;
  if (results.length === 1 && only !== undefined) {
    return (dryRun ? previewText(only, context.mode) : partitionReport(only, context)) + verdicts(only);
  }
  if (dryRun) {
    return datesPreview(results, (result) =>
      result.result === 'nothing' && !verbose
        ? partitionReport(result, context)
        : previewText(result, context.mode) + verdicts(result),
    );
  }
  const tables = results
    .map((result) => ({ date: result.date, table: verdicts(result) }))
    .filter(({ table }) => table !== '')
    .map(({ date, table }) => `\n${partitionWordsFirst(date)}:${table}`);
  return datesReport(results, context) + tables.join('');
}

/**
 * What is said when there is no partition at all of those that were asked for.
 * @param notWorth how many there are that are not worth it, of `all`
 * @param layout how partitions are called, as it is configured
 */
export function noPartitionText(wanted: WantedDates, notWorth: number, layout: string): string {
  if ('all' in wanted) {
    return notWorth > 0
      ? '\nNothing to do: no partition is worth a run\n'
      : `\nNothing to do: ${noneCalledText(wanted.all, layout)}\n`;
  }
  if ('dates' in wanted) return `\nNothing to do: there is no partition of ${dateRanges(wanted.dates)}\n`;
  if ('key' in wanted) return `\nNothing to do: there is no ${partitionWords(wanted.key)}\n`;
  const {
    range: { from, to },
    shard,
  } = wanted;
  return shard === undefined
    ? `\nNothing to do: ${noneCalledText({ from, to }, layout)}\n`
    : `\nNothing to do: shard ${shard.index} of ${shard.count} has none of the partitions from ${from} to ${to}\n`;
}

/** That no directory is a partition, within dates or at all; it may be the layout that is wrong. */
export function noneCalledText({ from, to }: DateLimits, layout: string): string {
  const dates = [...(from === undefined ? [] : [`from ${from}`]), ...(to === undefined ? [] : [`to ${to}`])];
  const within = dates.length === 0 ? '' : ` ${dates.join(' ')}`;
  return `there is no partition${within} that is called as ${layout} says (consolidation.layout, --layout)`;
}

/** One line on backups that a run removed at its end; empty when it removed none. */
export function removedBackupsText(removed: readonly CleanupOutcome[], retentionDays: number): string {
  if (removed.length === 0) return '';
  const total = (pick: (outcome: CleanupOutcome) => number): number =>
    removed.reduce((sum, outcome) => sum + pick(outcome), 0);
  const files = counted(
    total(({ backupFiles }) => backupFiles),
    'file',
  );
  const size = formatSize(total(({ backupBytes }) => backupBytes));
  return `\nRemoved the backups of ${counted(removed.length, 'run')} older than ${counted(retentionDays, 'day')}: ${files} (${size})\n`;
}
