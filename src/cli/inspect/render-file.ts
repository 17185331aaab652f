import { formatSize } from '../../core/units.ts';
import { counted, formatCount } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import type { Style } from '../output/style.ts';
import { textTable } from '../output/text-table.ts';
import type { ColumnTotals, Extent } from './column-totals.ts';
import type { FileDescription } from './describe-file.ts';
import { schemaLines } from './schema-tree.ts';
import { shownValue } from './shown-value.ts';

/** So many row groups are listed; JSON has them all. */
const mostRowGroups = 20;

/** A file's description as text for a person. */
export function renderFile(file: FileDescription, style: Style): string {
  return [
    `${style.bold(file.file)}\n${factTable(file)}`,
    ...(file.notes.length === 0
      ? []
      : [`${style.bold('Noteworthy')}\n${file.notes.map(({ text }) => `  ${text}\n`).join('')}`]),
    `${style.bold('Schema')}\n${schemaLines(file.schema).join('\n')}\n`,
    `${style.bold('Columns')}\n${columnTable(file.columnTotals)}`,
    ...(file.rowGroups.length < 2 ? [] : [`${style.bold('Row groups')}\n${rowGroupTable(file)}`]),
  ].join('\n');
}

function factTable(file: FileDescription): string {
  const { consolidation, folding, hasPageCrcs } = file;
  const keys = file.keyValues.map(
    ({ key, valueSizeBytes }) => `${printable(key)} (${counted(valueSizeBytes, 'byte')})`,
  );
  const madeFrom = ({ inputFiles, inputSizeBytes, runId }: NonNullable<typeof consolidation>): string =>
    `from ${counted(inputFiles, 'file')}, ${formatSize(inputSizeBytes)}, by run ${printable(runId)}`;
  return textTable(
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
      [
        'Data',
        `${formatSize(file.compressedSizeBytes)}, ${formatSize(file.uncompressedSizeBytes)} uncompressed (ratio ${file.ratio.toFixed(2)})`,
      ],
      ...sortingRow(file),
      ['Page index', extentText(file.columnTotals.map(({ pageIndex }) => pageIndex))],
      ['Bloom filters', extentText(file.columnTotals.map(({ bloomFilter }) => bloomFilter))],
      ['Page CRCs', hasPageCrcs === undefined ? 'unknown' : hasPageCrcs ? 'yes' : 'no'],
      ['Metadata keys', keys.length === 0 ? 'none' : keys.join(', ')],
      ...(consolidation === undefined ? [] : [['Consolidated', madeFrom(consolidation)]]),
      ...(consolidation?.writers === undefined
        ? []
        : [['Written before by', consolidation.writers.map(printable).join(', ')]]),
      ...(folding === undefined ? [] : [['Folded', madeFrom(folding)]]),
    ],
  );
}

function sortingRow({ rowGroups }: FileDescription): readonly (readonly string[])[] {
  const stated = new Set(rowGroups.map(({ sortedBy }) => sortedBy?.map(printable).join(', ') ?? ''));
  const [first = ''] = stated;
  if (stated.size === 1) return first === '' ? [] : [['Sorted by', first]];
  return stated.size === 0 ? [] : [['Sorted by', 'not the same in every row group; --output json says what']];
}

function extentText(extents: readonly Extent[]): string {
  const some = extents.filter((extent) => extent !== 'none').length;
  if (some === 0) return 'no';
  if (extents.every((extent) => extent === 'all')) return 'yes';
  return `in ${some} of ${counted(extents.length, 'column')}${extents.includes('some') ? ', not in every row group' : ''}`;
}

function columnTable(columns: readonly ColumnTotals[]): string {
  return textTable(
    [
      { title: 'column', align: 'left' },
      { title: 'type', align: 'left' },
      { title: 'codec', align: 'left' },
      { title: 'encodings', align: 'left' },
      { title: 'values', align: 'right' },
      { title: 'nulls', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'uncompressed', align: 'right' },
      { title: 'ratio', align: 'right' },
      { title: 'min', align: 'left' },
      { title: 'max', align: 'left' },
    ],
    columns.map((column) => [
      printable(column.column),
      column.type,
      column.codecs.join(' '),
      column.encodings.join(' '),
      formatCount(column.values),
      column.nulls === undefined ? '-' : formatCount(column.nulls),
      formatSize(column.compressedSizeBytes),
      formatSize(column.uncompressedSizeBytes),
      column.ratio.toFixed(2),
      shownValue(column.min),
      shownValue(column.max),
    ]),
  );
}

function rowGroupTable({ rowGroups }: FileDescription): string {
  const table = textTable(
    [
      { title: 'number', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'uncompressed', align: 'right' },
    ],
    rowGroups
      .slice(0, mostRowGroups)
      .map((rowGroup, number) => [
        String(number),
        formatCount(rowGroup.rows),
        formatSize(rowGroup.compressedSizeBytes),
        formatSize(rowGroup.uncompressedSizeBytes),
      ]),
  );
  const more = rowGroups.length - mostRowGroups;
  return more > 0 ? `${table}  … and ${formatCount(more)} more; --output json has them all\n` : table;
}
