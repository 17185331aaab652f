import { FormatError } from '../../core/errors.ts';
import { formatSize } from '../../core/units.ts';
import { readStamp } from '../../parquet/consolidation-stamp.ts';
import { readFoldStamp } from '../../parquet/fold/fold-stamp.ts';
import type { ParquetFooter } from '../../parquet/footer.ts';
import { checkSupported } from '../../parquet/supported-features.ts';
import { isBefore, writerVersion } from '../../parquet/writer-version.ts';
import { counted, formatCount } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import type { ColumnTotals } from './column-totals.ts';
import type { FirstPage } from './describe-pages.ts';

/** Something a person should know of a file. */
export interface Note {
  /** Stable, kebab-case name of the case. */
  readonly code: string;
  /** One sentence. */
  readonly text: string;
}

const mib = 1024 * 1024;
/** What readers are made for: about the size of a block of HDFS. */
const goodSizeBytes = 128 * mib;
/** Below this a row group costs readers more than it saves them. */
const tinyRowGroupBytes = 4 * mib;
/** A footer is read before anything else, for every file a query looks at. */
const largeFooterShare = 0.1;

/** What is out of the ordinary in a file, by its footer. The most important first. */
export function noteworthy(
  footer: ParquetFooter,
  columns: readonly ColumnTotals[],
  firstPage: FirstPage | undefined,
): readonly Note[] {
  return [
    ...damage(firstPage),
    ...support(footer),
    ...emptiness(footer),
    ...folding(footer),
    ...smallness(footer),
    ...statistics(footer, columns),
    ...storage(footer, columns),
  ];
}

function damage(firstPage: FirstPage | undefined): readonly Note[] {
  if (firstPage === undefined || !('problem' in firstPage)) return [];
  return [{ code: 'damaged', text: `Its first page cannot be read: ${printable(firstPage.problem)}.` }];
}

function support(footer: ParquetFooter): readonly Note[] {
  try {
    checkSupported(footer);
    return [];
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const { column } = error.place;
    const where = column === undefined ? '' : ` (column ${printable(column)})`;
    return [{ code: 'not-mergeable', text: `It cannot be merged: ${error.problem}${where}.` }];
  }
}

function emptiness({ rows }: ParquetFooter): readonly Note[] {
  return rows === 0 ? [{ code: 'no-rows', text: 'It holds no rows, only a schema.' }] : [];
}

function folding(footer: ParquetFooter): readonly Note[] {
  const stamp = readFoldStamp(footer);
  if (stamp === undefined) return [];
  const files = counted(stamp.inputFiles, 'file');
  return [
    {
      code: 'folded',
      text: `It was folded from ${files}: one file now, but with their row groups; a consolidation rewrites them.`,
    },
  ];
}

function smallness(footer: ParquetFooter): readonly Note[] {
  const { fileSizeBytes, footerSizeBytes, rows, rowGroups } = footer;
  const notes: Note[] = [];
  const perRowGroup = fileSizeBytes / Math.max(1, rowGroups.length);
  if (rowGroups.length > 1 && perRowGroup < tinyRowGroupBytes) {
    const average = formatCount(Math.round(rows / rowGroups.length));
    const size = formatSize(Math.round(perRowGroup));
    notes.push({
      code: 'tiny-row-groups',
      text: `Its ${formatCount(rowGroups.length)} row groups have ${average} rows and ${size} on average: readers pay for each of them. Merging makes few of many.`,
    });
  }
  const isOurs = readStamp(footer) !== undefined;
  if (!isOurs && rows > 0 && fileSizeBytes * 4 < goodSizeBytes) {
    const many = counted(Math.round(goodSizeBytes / fileSizeBytes), 'file');
    notes.push({
      code: 'small-file',
      text: `It is small: about ${many} like it make one of ${formatSize(goodSizeBytes)}.`,
    });
  }
  if (fileSizeBytes > mib && footerSizeBytes > fileSizeBytes * largeFooterShare) {
    const percent = Math.round((footerSizeBytes / fileSizeBytes) * 100);
    notes.push({
      code: 'large-footer',
      text: `Its footer is ${percent} % of the file, and is read before any row.`,
    });
  }
  return notes;
}

/** Writers whose bounds of text, bytes and unsigned numbers are known to be wrong (PARQUET-251, PARQUET-686). */
const wrongBounds = [
  { application: 'parquet-mr', fixed: [1, 10, 0] },
  { application: 'parquet-cpp', fixed: [1, 3, 0] },
] as const;

function statistics(footer: ParquetFooter, columns: readonly ColumnTotals[]): readonly Note[] {
  const notes: Note[] = [];
  const ordered = columns.filter((_, i) => footer.leaves[i]?.sortOrder !== 'none');
  const hasValues = ({ values, nulls }: ColumnTotals): boolean => values > (nulls ?? 0);
  const without = ordered.filter((column) => hasValues(column) && column.bounds !== 'all');
  if (without.length > 0) {
    notes.push({
      code: 'statistics-missing',
      text: `No minimum and maximum${without.some(({ bounds }) => bounds === 'some') ? ' in some row groups' : ''} for ${listed(without)}: readers cannot skip by ${without.length === 1 ? 'it' : 'them'}.`,
    });
  }
  for (const { application, fixed } of wrongBounds) {
    const version = writerVersion(footer.createdBy, application);
    if (version === undefined || !isBefore(version, fixed)) continue;
    const stated = version.length === 0 ? 'without a version' : version.join('.');
    notes.push({
      code: 'wrong-statistics',
      text: `${application} ${stated} is known to write wrong bounds for text, bytes and unsigned numbers; readers ignore them.`,
    });
  }
  const deprecated = columns.filter((column) => column.hasDeprecatedBounds);
  if (deprecated.length > 0) {
    notes.push({
      code: 'deprecated-statistics',
      text: `Only the deprecated minimum and maximum for ${listed(deprecated)}, which say nothing of their order.`,
    });
  }
  return notes;
}

function storage(footer: ParquetFooter, columns: readonly ColumnTotals[]): readonly Note[] {
  const notes: Note[] = [];
  const stored = columns.filter(({ codecs }) => codecs.includes('UNCOMPRESSED'));
  if (stored.length > 0 && footer.rows > 0) {
    const which =
      stored.length === columns.length ? 'Nothing is compressed' : `Not compressed: ${listed(stored)}`;
    notes.push({ code: 'uncompressed', text: `${which}.` });
  }
  const compressed = columns.filter(({ codecs, values }) => values > 0 && !codecs.includes('UNCOMPRESSED'));
  if (
    compressed.length > 1 &&
    compressed.every((column) => column.compressedSizeBytes === column.uncompressedSizeBytes)
  ) {
    notes.push({
      code: 'uncompressed-sizes-unknown',
      text: 'Its writer states the compressed sizes as the uncompressed ones too, so the ratios say nothing.',
    });
  }
  const used =
    columns.reduce((total, { compressedSizeBytes }) => total + compressedSizeBytes, 0) +
    footer.footerSizeBytes;
  // Page indexes and Bloom filters lie beside the data; this is far more than they take.
  if (footer.fileSizeBytes > mib && used < footer.fileSizeBytes * 0.8) {
    const percent = Math.round((1 - used / footer.fileSizeBytes) * 100);
    notes.push({
      code: 'unused-bytes',
      text: `${percent} % of the file is neither column chunks nor footer, such as the footers of files it was put together from.`,
    });
  }
  return notes;
}

function listed(columns: readonly ColumnTotals[]): string {
  const most = 4;
  const names = columns.slice(0, most).map(({ column }) => printable(column));
  const more = columns.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${counted(more, 'other column')}` : names.join(', ');
}
