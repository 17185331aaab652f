import { formatSize } from '../../core/units.ts';
import type { Row } from '../../telemetry/history/database.ts';
import type { HistoryEntry, HistoryQuery } from '../../telemetry/history/history-query.ts';
import { counted, formatCount, formatDuration } from './numbers.ts';
import { partitionWords } from './partition-words.ts';
import { printable } from './printable.ts';
import { type TextColumn, textTable } from './text-table.ts';

const columns: readonly TextColumn[] = [
  { title: 'finished (UTC)', align: 'left' },
  { title: 'date', align: 'left' },
  { title: 'files', align: 'right' },
  { title: 'size', align: 'right' },
  { title: 'smaller', align: 'right' },
  { title: 'rows', align: 'right' },
  { title: 'time', align: 'right' },
  { title: 'run', align: 'left' },
  { title: '', align: 'left' },
];

/** What the list is about, for its head and its end. */
export interface HistoryContext extends HistoryQuery {
  readonly source: 'database' | 'receipts';
  readonly days: number;
}

/** The consolidations as a table with their sum, or a sentence that there are none. */
export function historyText(entries: readonly HistoryEntry[], context: HistoryContext): string {
  const { dataset, date, key, source, days, limit, sinceMs } = context;
  const span = sinceMs === 0 ? '' : ` in the last ${counted(days, 'day')}`;
  const one = date === undefined ? (key === undefined ? undefined : partitionWords(key)) : `date ${date}`;
  const where = one === undefined ? dataset : `${one} of ${dataset}`;
  const from = source === 'database' ? 'the database' : 'the receipts in the dataset';
  if (entries.length === 0)
    return `Nothing was consolidated of ${where}${span}, by what ${from} say${source === 'database' ? 's' : ''}.\n`;
  const total = (pick: (entry: HistoryEntry) => number): number =>
    entries.reduce((sum, entry) => sum + pick(entry), 0);
  const files = `${formatCount(total((one) => one.filesBefore))} files into ${formatCount(total((one) => one.filesAfter))}`;
  const sizes = `${formatSize(total((one) => one.bytesBefore))} into ${formatSize(total((one) => one.bytesAfter))}`;
  const more = entries.length < limit ? '' : ` (the newest ${formatCount(limit)}; --limit shows more)`;
  return (
    `${where}${span}, from ${from}\n\n${tableOf(entries)}\n` +
    `${counted(entries.length, 'consolidation')}: ${files}, ${sizes}${more}\n`
  );
}

/** Partitions are called by their dates where these name all of them, and by their paths below the base otherwise. */
function tableOf(entries: readonly HistoryEntry[]): string {
  const isByDate = entries.every(({ date, partition }) => partition === `date=${date}`);
  return textTable(
    columns.map((column) =>
      column.title === 'date' && !isByDate ? { ...column, title: 'partition' } : column,
    ),
    entries.map((entry) => cellsOf(entry, isByDate ? entry.date : printable(entry.partition))),
  );
}

function cellsOf(entry: HistoryEntry, partition: string): readonly string[] {
  const notes = [
    ...(entry.undoneBy === null ? [] : ['undone']),
    ...(entry.outcome === 'done' ? [] : [entry.outcome]),
    ...(entry.warnings.length === 0 ? [] : [counted(entry.warnings.length, 'warning')]),
    ...(entry.verified ? [] : ['not fully verified']),
  ];
  return [
    entry.finishedAt.slice(0, 16).replace('T', ' '),
    partition,
    `${formatCount(entry.filesBefore)} → ${formatCount(entry.filesAfter)}`,
    `${formatSize(entry.bytesBefore)} → ${formatSize(entry.bytesAfter)}`,
    entry.sizeReductionPercent === null ? '' : `${entry.sizeReductionPercent.toFixed(0)} %`,
    formatCount(entry.rows),
    formatDuration(entry.durationSeconds * 1000),
    entry.runId,
    notes.join(', '),
  ];
}

/** The rows of any query as a table: its columns in their order, numbers to the right. */
export function rowsText(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return 'No rows.\n';
  const names = Object.keys(first);
  const shown = names.map((name): TextColumn => {
    const isNumber = rows.every((row) => typeof row[name] === 'number' || row[name] === null);
    return { title: name, align: isNumber ? 'right' : 'left' };
  });
  return `${textTable(
    shown,
    rows.map((row) => names.map((name) => cell(row[name]))),
  )}\n${counted(rows.length, 'row')}\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
