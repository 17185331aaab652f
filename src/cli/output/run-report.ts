import { formatSize } from '../../core/units.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { beforeAfterTable } from './before-after.ts';
import { counted, formatCount, formatDuration } from './numbers.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { type TextColumn, textTable } from './text-table.ts';

/** What a report needs besides the results. */
export interface ReportContext {
  readonly style: Style;
  /** The command that undoes the run of a date, ready to be typed. */
  readonly undoCommand: (date: string) => string;
}

/** What a person sees after a run over one partition; empty when it failed or is refused, since
 * stderr says that. */
export function partitionReport(result: PartitionResult, context: ReportContext): string {
  switch (result.result) {
    case 'consolidated':
      return consolidatedReport(result, context);
    case 'failed':
    case 'refused':
      return '';
    case 'waiting':
      return `\nDate ${result.date} has to wait: ${printable(result.reason)}\n`;
    default:
      return `\nNothing to do for date ${result.date}: ${printable(result.reason)}\n`;
  }
}

function consolidatedReport(result: PartitionResult, { style, undoCommand }: ReportContext): string {
  const { rowGroupsBefore = 0, rowGroupsAfter = 0, bytesAfter = 0 } = result;
  const table = beforeAfterTable({
    files: [result.filesBefore, result.filesAfter],
    bytes: [result.bytesBefore, bytesAfter],
    rows: [result.rows, result.outputs.reduce((sum, output) => sum + output.rows, 0)],
    rowGroups: [rowGroupsBefore, rowGroupsAfter],
  });
  const notes = [
    `Time      ${formatDuration(result.durationMs)}${phasesText(result)}`,
    `Verified  ${verificationText(result)}`,
    ...(result.filesKept === 0
      ? []
      : [
          `Left      ${counted(result.filesKept, 'other file')} (${formatSize(result.bytesKept)}): --verbose says why`,
        ]),
    ...(result.backup === undefined
      ? ['Backup    none was kept (safety.backup_before_delete is off)']
      : [
          `Backup    ${result.backup.path}`,
          `          the originals, kept until ${new Date(result.backup.keptUntilMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
          `Undo      ${undoCommand(result.date)}`,
        ]),
  ];
  const headline = `Consolidated date ${result.date}: ${counted(result.filesBefore, 'file')} into ${result.filesAfter}`;
  return `\n${style.good('✔')} ${style.bold(headline)}\n\n${table}\n${notes.map((note) => `  ${note}\n`).join('')}`;
}

function phasesText({ phaseMs }: PartitionResult): string {
  const parts = (['merge', 'verify', 'swap'] as const).flatMap((phase) => {
    const milliseconds = phaseMs[phase];
    return milliseconds === undefined ? [] : [`${phase} ${formatDuration(milliseconds)}`];
  });
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function verificationText({ outputs }: PartitionResult): string {
  const receipt = outputs[0]?.verification;
  if (receipt === undefined) return 'nothing was written';
  if (receipt.level === 'counts') {
    return 'bytes, rows and schema only (safety.verify_integrity is off)';
  }
  const sample =
    receipt.sample === undefined
      ? ''
      : `; ${counted(receipt.sample.rows, 'row')} read again with ${receipt.sample.reader}`;
  return `every value of ${counted(receipt.columns.length, 'column')} decoded again and equal${sample}`;
}

const summaryColumns: readonly TextColumn[] = [
  { title: 'date', align: 'left' },
  { title: 'result', align: 'left' },
  { title: 'files', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'time', align: 'right' },
  { title: 'why', align: 'left' },
];

/** What a person sees after a run over several partitions: one line each, and the sum of what was done. */
export function datesReport(
  results: readonly PartitionResult[],
  { style, undoCommand }: ReportContext,
): string {
  const done = results.filter((result) => result.result === 'consolidated');
  const rows = results.map((result) =>
    result.result === 'consolidated'
      ? [
          result.date,
          result.result,
          `${formatCount(result.filesBefore)} → ${formatCount(result.filesAfter)}`,
          `${formatSize(result.bytesBefore)} → ${formatSize(result.bytesAfter ?? 0)}`,
          formatCount(result.rows),
          formatDuration(result.durationMs),
          '',
        ]
      : [result.date, result.result, '', '', '', '', printable(result.reason)],
  );
  const total = (pick: (result: PartitionResult) => number): number =>
    done.reduce((sum, result) => sum + pick(result), 0);
  const headline =
    `${counted(done.length, 'partition')} of ${results.length} consolidated: ` +
    `${formatCount(total((result) => result.filesBefore))} files into ${formatCount(total((result) => result.filesAfter))}, ` +
    `${formatSize(total((result) => result.bytesBefore))} into ${formatSize(total((result) => result.bytesAfter ?? 0))}`;
  const undoable = done.find((result) => result.backup !== undefined);
  const undo = undoable === undefined ? '' : `Undo one of them: ${undoCommand(undoable.date)}\n`;
  return `\n${textTable(summaryColumns, rows)}\n${style.bold(headline)}\n${undo}`;
}
