import { formatSize } from '../../core/units.ts';
import { counted, formatCount } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import type { Style } from '../output/style.ts';
import { textTable } from '../output/text-table.ts';
import type { ChunkDescription, FileDescription } from './describe-file.ts';
import type { ReadableValue } from './readable-value.ts';
import { schemaLines } from './schema-tree.ts';

/** Longest text of a minimum or maximum in the table; JSON has it whole. */
const longestValue = 28;

/** A file's description as text for a person. */
export function renderFile(file: FileDescription, style: Style): string {
  const stamp = file.consolidation;
  const keys = file.keyValues.map(
    ({ key, valueSizeBytes }) => `${printable(key)} (${counted(valueSizeBytes, 'byte')})`,
  );
  const facts = textTable(
    [
      { title: '', align: 'left' },
      { title: '', align: 'left' },
    ],
    [
      [
        'Size',
        `${formatSize(file.sizeBytes)} (${counted(file.sizeBytes, 'byte')}; footer ${counted(file.footerSizeBytes, 'byte')})`,
      ],
      ['Created by', printable(file.createdBy ?? 'not stated')],
      ['Rows', `${formatCount(file.rows)} in ${counted(file.rowGroups.length, 'row group')}`],
      ['Columns', formatCount(file.columns)],
      ['Metadata keys', keys.length === 0 ? 'none' : keys.join(', ')],
      ...(stamp === undefined
        ? []
        : [
            [
              'Consolidated',
              `from ${counted(stamp.inputFiles, 'file')}, ${formatSize(stamp.inputSizeBytes)}, by run ${stamp.runId}`,
            ],
          ]),
    ],
  );
  const rowGroups = file.rowGroups.map(
    (rowGroup, index) =>
      `\n${style.bold(`Row group ${index}`)}: ${counted(rowGroup.rows, 'row')}, ` +
      `${formatSize(rowGroup.compressedSizeBytes)} compressed, ${formatSize(rowGroup.uncompressedSizeBytes)} before\n` +
      chunkTable(rowGroup.columns),
  );
  return `${style.bold(file.file)}\n${facts}\n${style.bold('Schema')}\n${schemaLines(file.schema).join('\n')}\n${rowGroups.join('')}`;
}

function chunkTable(chunks: readonly ChunkDescription[]): string {
  return textTable(
    [
      { title: 'column', align: 'left' },
      { title: 'codec', align: 'left' },
      { title: 'encodings', align: 'left' },
      { title: 'values', align: 'right' },
      { title: 'nulls', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'ratio', align: 'right' },
      { title: 'min', align: 'left' },
      { title: 'max', align: 'left' },
    ],
    chunks.map((chunk) => [
      printable(chunk.column),
      chunk.codec,
      chunk.encodings.join(' '),
      formatCount(chunk.values),
      chunk.statistics?.nulls === undefined ? '-' : formatCount(chunk.statistics.nulls),
      formatSize(chunk.compressedSizeBytes),
      chunk.ratio.toFixed(2),
      shownValue(chunk.statistics?.min),
      shownValue(chunk.statistics?.max),
    ]),
  );
}

function shownValue(value: ReadableValue | undefined): string {
  if (value === undefined) return '-';
  if (typeof value !== 'string') return Object.is(value, -0) ? '-0' : String(value);
  const shown = [...printable(value)];
  return shown.length <= longestValue ? shown.join('') : `${shown.slice(0, longestValue - 1).join('')}…`;
}
