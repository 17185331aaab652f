import type { ConsolidationMode } from '../../config/settings.ts';
import { partitionLabel } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { beforeAfterTable } from './before-after.ts';
import { counted, formatDuration } from './numbers.ts';
import { partitionWords, partitionWordsFirst } from './partition-words.ts';
import { printable } from './printable.ts';
import { sortingLines } from './sorting-text.ts';
import type { Style } from './style.ts';

/** What a report needs besides the results. */
export interface ReportContext {
  readonly style: Style;
  /** How the files became one; absent: rewrite. */
  readonly mode?: ConsolidationMode;
  /** A path of the store as the operator would write it; absent: as it is. */
  readonly shownPath?: (path: string) => string;
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
      return `\n${partitionWordsFirst(result.date)} has to wait: ${printable(result.reason)}\n`;
    default:
      return `\nNothing to do for ${partitionWords(result.date)}: ${printable(result.reason)}\n`;
  }
}

function consolidatedReport(result: PartitionResult, context: ReportContext): string {
  const { style, mode = 'rewrite' } = context;
  const { rowGroupsBefore = 0, rowGroupsAfter = 0, bytesAfter = 0 } = result;
  const table = beforeAfterTable({
    files: [result.filesBefore, result.filesAfter],
    bytes: [result.bytesBefore, bytesAfter],
    rows: [result.rows, result.outputs.reduce((sum, output) => sum + output.rows, 0)],
    rowGroups: [rowGroupsBefore, rowGroupsAfter],
  });
  const notes = [
    `Time      ${formatDuration(result.durationMs)}${phasesText(result)}`,
    ...sortingNotes(result),
    `Verified  ${verificationText(result, mode)}`,
    ...(result.filesKept === 0
      ? []
      : [
          `Left      ${counted(result.filesKept, 'other file')} (${formatSize(result.bytesKept)}): --verbose says why`,
        ]),
    ...backupNotes(result, context),
  ];
  const verb = mode === 'fold' ? 'Folded' : 'Consolidated';
  const headline = `${verb} ${partitionWords(result.date)}: ${counted(result.filesBefore, 'file')} into ${result.filesAfter}`;
  return `\n${style.good('✔')} ${style.bold(headline)}\n\n${table}\n${notes.map((note) => `  ${note}\n`).join('')}`;
}

/** Of the first file: the others are told in JSON. */
function sortingNotes({ outputs }: PartitionResult): readonly string[] {
  const sorting = outputs[0]?.sorting;
  return sorting === undefined ? [] : sortingLines(sorting);
}

function phasesText({ phaseMs }: PartitionResult): string {
  const parts = (['merge', 'verify', 'swap'] as const).flatMap((phase) => {
    const milliseconds = phaseMs[phase];
    return milliseconds === undefined ? [] : [`${phase} ${formatDuration(milliseconds)}`];
  });
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function backupNotes(
  { backup, date }: PartitionResult,
  { mode, undoCommand, shownPath = (path) => path }: ReportContext,
): readonly string[] {
  if (backup !== undefined) {
    const until = new Date(backup.keptUntilMs).toISOString().slice(0, 16).replace('T', ' ');
    return [
      `Backup    ${shownPath(backup.path)}`,
      `          the originals, kept until ${until} UTC`,
      `Undo      ${undoCommand(partitionLabel(date))}`,
    ];
  }
  return mode === 'fold'
    ? [
        'Backup    none is needed: the bytes of the files lie in the new one as they were',
        'Next      a later run without --mode fold encodes them anew; queries gain from that',
      ]
    : ['Backup    none was kept (safety.backup_before_delete is off)'];
}

function verificationText({ outputs }: PartitionResult, mode: ConsolidationMode): string {
  if (mode === 'fold') return 'no data was moved: the blocks of the files are those of the new one';
  const receipt = outputs[0]?.verification;
  if (receipt === undefined) return 'nothing was written';
  if (receipt.level === 'counts') {
    return 'bytes, rows and schema only (safety.verify_integrity is off)';
  }
  const sample =
    receipt.sample === undefined
      ? ''
      : `; ${counted(receipt.sample.rows, 'row')} read again with ${receipt.sample.reader}`;
  const order = receipt.sorted === undefined ? 'equal' : 'equal row by row, in the new order';
  return `every value of ${counted(receipt.columns.length, 'column')} decoded again and ${order}${sample}`;
}
