import { partitionLabel } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import type { DateLimits } from '../../partition/list-partitions.ts';
import type { SizingDecision } from '../../plan/choose-size.ts';
import { bar } from '../output/bar.ts';
import { noneCalledText } from '../output/consolidation-text.ts';
import { counted, formatCount } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import { sizingText } from '../output/sizing-text.ts';
import type { Style } from '../output/style.ts';
import { textTable } from '../output/text-table.ts';
import type { ScanSummary } from './scan-summary.ts';

/** What the text of a scan needs besides its figures. */
export interface ScanView {
  readonly style: Style;
  /** The dataset as the operator would write it. */
  readonly shownBase: string;
  /** The dates that were asked for. */
  readonly limits: DateLimits;
  /** How partitions are called, as it is configured. */
  readonly layout: string;
  /** True when footers were read, so that the figures are those of plans. */
  readonly footers: boolean;
  /** Where the program chose how large files become. */
  readonly sizing: SizingDecision | undefined;
  /** How the files would become one. */
  readonly fold: boolean;
  /** True where files have blocks, so that objects are those of a NameNode. */
  readonly blocks: boolean;
  readonly verbose: boolean;
  /** The command that consolidates a date, ready to be typed. */
  readonly commandOf: (date: string) => string;
}

const barWidth = 16;
/** What one object takes of a NameNode's heap, by the rule of thumb everybody uses. */
const heapBytesPerObject = 150;

/** A scan as a person reads it. */
export function scanText(summary: ScanSummary, view: ScanView): string {
  const { partitions, firstDate, lastDate, dataFiles, smallFiles, bytes } = summary;
  if (partitions === 0) return `\nIn ${view.shownBase} ${noneCalledText(view.limits, view.layout)}.\n`;
  const range = firstDate === lastDate ? firstDate : `${firstDate} to ${lastDate}`;
  const head =
    `\nScanned ${counted(partitions, 'partition')} of ${view.shownBase}, ${range}: ` +
    `${counted(dataFiles, 'data file')} (${formatCount(smallFiles)} small), ${formatSize(bytes)}\n${sizingText(view.sizing)}`;
  return head + rankedText(summary, view) + totalsText(summary, view) + othersText(summary, view);
}

function rankedText({ ranked, worthwhile }: ScanSummary, view: ScanView): string {
  if (ranked.length === 0) return '';
  const most = Math.max(...ranked.map(({ gain }) => gain?.objectsFreed ?? 0));
  const rows = ranked.flatMap(({ date, gain }, index) =>
    gain === undefined
      ? []
      : [
          [
            String(index + 1),
            printable(partitionLabel(date)),
            `${formatCount(gain.filesBefore)} → ${formatCount(gain.filesAfter)}`,
            formatSize(gain.bytesBefore),
            formatCount(gain.objectsFreed),
            bar(gain.objectsFreed / most, barWidth),
            formatCount(gain.opensSaved),
            view.fold ? '0' : `~${formatSize(gain.bytesSaved)}`,
            view.fold ? '0' : `~${formatSize(gain.bytesMoved)}`,
          ],
        ],
  );
  const table = textTable(
    [
      { title: '#', align: 'right' },
      { title: 'date', align: 'left' },
      { title: 'small files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'objects freed', align: 'right' },
      { title: '', align: 'left' },
      { title: 'opens saved', align: 'right' },
      { title: 'saves', align: 'right' },
      { title: 'moves', align: 'right' },
    ],
    rows,
  );
  const more = worthwhile.partitions - ranked.length;
  return `\n${table}${more > 0 ? `  … and ${formatCount(more)} more (--top ${worthwhile.partitions} lists all)\n` : ''}`;
}

function totalsText({ worthwhile, ranked }: ScanSummary, view: ScanView): string {
  const { style } = view;
  if (worthwhile.partitions === 0) return `\n${style.bold('Nothing is worth a run now.')}\n`;
  const { filesBefore, filesAfter, objectsFreed, opensSaved, bytesSaved, bytesMoved, bytesBefore } =
    worthwhile;
  const heap = view.blocks
    ? `, about ${formatSize(objectsFreed * heapBytesPerObject)} of the NameNode's heap`
    : '';
  const share = bytesBefore === 0 ? 0 : Math.round((bytesSaved / bytesBefore) * 100);
  const first = ranked[0];
  return [
    '',
    style.bold(
      `Worth it: ${counted(worthwhile.partitions, 'partition')}, ${formatCount(filesBefore)} small files become ${formatCount(filesAfter)}`,
    ),
    `  brings  ${counted(objectsFreed, 'object')} fewer${heap}; ${formatCount(opensSaved)} fewer opens for a full read` +
      (view.fold ? '' : `; about ${formatSize(bytesSaved)} less to store (${share} %)`),
    view.fold
      ? '  costs   no data is moved (--mode fold)'
      : `  costs   about ${formatSize(bytesMoved)} read and written`,
    view.footers
      ? '          The files are those of the plans; the bytes saved are an estimate.'
      : '          Estimated from listings alone; --footers asks the plans, and reads every footer for it.',
    ...(first === undefined ? [] : [`  next    ${view.commandOf(partitionLabel(first.date))}`]),
    '',
  ].join('\n');
}

function othersText({ others }: ScanSummary, view: ScanView): string {
  const names = {
    nothing: 'Nothing to do',
    waiting: 'Waiting',
    refused: 'Refused',
    failed: 'Could not be read',
  };
  const lines = others.flatMap(({ state, rule, partitions, example }) => {
    if (state === 'worthwhile') return [];
    const label = state === 'refused' || state === 'failed' ? view.style.warning(names[state]) : names[state];
    const isTelling = state !== 'nothing' || view.verbose;
    const why =
      isTelling && example.reason !== ''
        ? `; ${printable(partitionLabel(example.date))}: ${printable(example.reason)}`
        : '';
    return [`${label}: ${counted(partitions, 'partition')} (${rule})${why}\n`];
  });
  return lines.length === 0 ? '' : `\n${lines.join('')}`;
}
