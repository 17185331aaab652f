import { counted, formatCount } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import type { Style } from '../output/style.ts';
import { textTable } from '../output/text-table.ts';
import type { ChunkPages } from './describe-pages.ts';
import { shownValue } from './shown-value.ts';

/** The pages of a file's column chunks as text for a person. */
export function renderPages(chunks: readonly ChunkPages[], style: Style): string {
  return chunks
    .map((chunk) => {
      const title = `Row group ${chunk.rowGroup}, ${printable(chunk.column)}`;
      return `${style.bold(title)}: ${counted(chunk.pages.length, 'page')}\n${pageTable(chunk)}`;
    })
    .join('\n');
}

function pageTable({ pages }: ChunkPages): string {
  return textTable(
    [
      { title: 'page', align: 'right' },
      { title: 'kind', align: 'left' },
      { title: 'encoding', align: 'left' },
      { title: 'values', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: 'nulls', align: 'right' },
      { title: 'first row', align: 'right' },
      { title: 'offset', align: 'right' },
      { title: 'header', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: 'uncompressed', align: 'right' },
      { title: 'crc', align: 'left' },
      { title: 'min', align: 'left' },
      { title: 'max', align: 'left' },
    ],
    pages.map((page) => [
      String(page.number),
      page.kind,
      page.encoding ?? '-',
      countOrDash(page.values),
      countOrDash(page.rows),
      countOrDash(page.nulls),
      countOrDash(page.firstRow),
      formatCount(page.offsetBytes),
      formatCount(page.headerSizeBytes),
      formatCount(page.compressedSizeBytes),
      formatCount(page.uncompressedSizeBytes),
      page.crc === undefined ? '-' : page.crc.toString(16).padStart(8, '0'),
      shownValue(page.min),
      shownValue(page.max),
    ]),
  );
}

function countOrDash(count: number | undefined): string {
  return count === undefined ? '-' : formatCount(count);
}
