import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { memorySource } from '../../src/core/byte-source.ts';
import { compareValues } from '../../src/parquet/compare-values.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import type { LeafColumn } from '../../src/parquet/metadata/leaf-column.ts';
import type { ColumnIndex } from '../../src/parquet/metadata/page-index.ts';
import { readPageIndexes } from '../../src/parquet/read/page-indexes.ts';
import { type BoundKind, shortLowerBound, shortUpperBound } from '../../src/parquet/write/shorten-bound.ts';
import { hyparquet, loadHyparquetRows } from '../../src/verify/hyparquet.ts';
import type { Rows } from './foreign-file.ts';
import { type ReadChunk, readWithHyparquet } from './hyparquet-columns.ts';
import { mergeBytes } from './merging.ts';
import { type Field, randomFields, randomRows } from './model.ts';
import { ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

const { parquetHeader } = hyparquet;
const { readOffsetIndex, readColumnIndex } = await loadHyparquetRows();
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('page indexes say where each page lies, and what it holds', async () => {
  let bounded = 0;
  const orders = new Set<string>();
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const rowGroups = Array.from({ length: 1 + random.below(3) }, (): Rows => {
        return randomRows(random, fields, 1 + random.below(random.pick([2, 10, 80])));
      });
      const { bytes } = await ownFile(fields, rowGroups, random);
      const source = memorySource('own', bytes);
      const footer = await readFooter(source);
      const read = readWithHyparquet(bytes);
      let lastColumnIndex = 0;
      let firstOffsetIndex = bytes.length;
      for (const [number, rowGroup] of footer.rowGroups.entries()) {
        const indexes = await readPageIndexes(source, footer, number);
        for (const leaf of footer.leaves) {
          const chunk = read.rowGroups[number]?.[leaf.index];
          const stated = read.metadata.row_groups[number]?.columns[leaf.index];
          const { offsetIndex, columnIndex } = indexes[leaf.index] ?? {};
          assert.ok(chunk && stated && offsetIndex, 'every chunk has an offset index');
          assert.equal(offsetIndex.pages.length, chunk.pages);
          const pages = offsetIndex.pages.map(({ firstRow }, i) => {
            return entriesOf(leaf, chunk, firstRow, offsetIndex.pages[i + 1]?.firstRow ?? rowGroup.rows);
          });
          // As an independent reader has it.
          const at = Number(stated.offset_index_offset);
          const theirs = readOffsetIndex({
            view: new DataView(bytes.buffer, bytes.byteOffset + at),
            offset: 0,
          });
          assert.deepEqual(
            theirs.page_locations.map((page) => [
              Number(page.offset),
              page.compressed_page_size,
              Number(page.first_row_index),
            ]),
            offsetIndex.pages.map((page) => [page.offsetBytes, page.sizeBytes, page.firstRow]),
          );
          let offset = Number(stated.meta_data?.data_page_offset);
          for (const [i, { offsetBytes, sizeBytes }] of offsetIndex.pages.entries()) {
            assert.equal(offsetBytes, offset, 'pages follow one another');
            const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + offsetBytes), offset: 0 };
            const header = parquetHeader(reader);
            assert.equal(header.data_page_header?.num_values, pages[i]?.definition.length);
            assert.equal(reader.offset + header.compressed_page_size, sizeBytes);
            offset += sizeBytes;
          }
          if (offsetIndex.byteArrayBytes !== undefined) {
            const sizes = pages.map(({ values }) => values.reduce((sum, value) => sum + value.length, 0));
            assert.deepEqual(offsetIndex.byteArrayBytes, sizes);
          }
          firstOffsetIndex = Math.min(firstOffsetIndex, at);
          const columnAt = Number(stated.column_index_offset ?? 0);
          assert.equal(columnIndex === undefined, columnAt === 0);
          lastColumnIndex = Math.max(lastColumnIndex, columnAt);
          if (columnIndex !== undefined) {
            bounded++;
            orders.add(columnIndex.order);
            assertBounds(leaf, pages, columnIndex);
            const view = new DataView(bytes.buffer, bytes.byteOffset + columnAt);
            const raw = readColumnIndex({ view, offset: 0 }, { name: 'v', type: 'BYTE_ARRAY' });
            assert.deepEqual(raw.null_pages, columnIndex.nullPages);
            assert.equal(raw.boundary_order?.toLowerCase(), columnIndex.order);
            assertHistograms(leaf, pages, raw);
          } else {
            assert.ok(mayLackColumnIndex(leaf, pages), `${leaf.path} (${leaf.sortOrder}) has a column index`);
          }
        }
      }
      assert.ok(lastColumnIndex < firstOffsetIndex, 'all column indexes come before the offset indexes');
    }),
    { numRuns: 200 },
  );
  assert.ok(bounded > 300, `${bounded} chunks had a column index`);
  assert.deepEqual([...orders].sort(), ['ascending', 'descending', 'unordered']);
});

interface PageEntries {
  readonly definition: readonly number[];
  readonly repetition: readonly number[];
  readonly values: readonly Uint8Array[];
}

/** The entries of rows `from` to `to` of a chunk. */
function entriesOf(leaf: LeafColumn, chunk: ReadChunk, from: number, to: number): PageEntries {
  const page = { definition: [] as number[], repetition: [] as number[], values: [] as Uint8Array[] };
  let row = -1;
  let value = 0;
  for (const [i, level] of chunk.repetition.entries()) {
    if (level === 0) row++;
    const definition = chunk.definition[i] ?? -1;
    const isPresent = definition === leaf.maxDefinitionLevel;
    if (row >= from && row < to) {
      page.definition.push(definition);
      page.repetition.push(level);
      if (isPresent) page.values.push(Buffer.from(chunk.values[value] ?? '', 'hex'));
    }
    if (isPresent) value++;
  }
  return page;
}

function assertBounds(leaf: LeafColumn, pages: readonly PageEntries[], index: ColumnIndex): void {
  const { nullPages, minima, maxima, nullCounts, nanCounts, order } = index;
  for (const list of [nullPages, minima, maxima, nullCounts]) assert.equal(list?.length, pages.length);
  assert.deepEqual(
    nullCounts,
    pages.map(({ definition, values }) => definition.length - values.length),
  );
  if (leaf.sortOrder.startsWith('float'))
    assert.deepEqual(
      nanCounts,
      pages.map(() => 0),
    );
  const compare = (a: Uint8Array, b: Uint8Array): number => compareValues(leaf.sortOrder, a, b);
  const bounds: (readonly [Uint8Array, Uint8Array])[] = [];
  for (const [i, { values }] of pages.entries()) {
    const min = minima[i];
    const max = maxima[i];
    assert.ok(min && max);
    assert.equal(nullPages[i], values.length === 0);
    if (values.length === 0) {
      assert.deepEqual([min.length, max.length], [0, 0]);
      continue;
    }
    bounds.push([min, max]);
    for (const value of values) {
      assert.ok(compare(min, value) <= 0, `${leaf.path}: ${hex(value)} is below ${hex(min)}`);
      assert.ok(compare(value, max) <= 0, `${leaf.path}: ${hex(value)} is above ${hex(max)}`);
    }
  }
  for (const [i, [min, max]] of bounds.entries()) {
    const [minBefore, maxBefore] = bounds[i - 1] ?? [min, max];
    if (order === 'ascending') assert.ok(compare(minBefore, min) <= 0 && compare(maxBefore, max) <= 0);
    if (order === 'descending') assert.ok(compare(minBefore, min) >= 0 && compare(maxBefore, max) >= 0);
  }
}

function assertHistograms(
  leaf: LeafColumn,
  pages: readonly PageEntries[],
  raw: ReturnType<typeof readColumnIndex>,
): void {
  const histogram = (levels: readonly number[], max: number): readonly number[] =>
    Array.from({ length: max + 1 }, (_, level) => levels.filter((one) => one === level).length);
  for (const [stated, max, levelsOf] of [
    [raw.repetition_level_histograms, leaf.maxRepetitionLevel, (page: PageEntries) => page.repetition],
    [raw.definition_level_histograms, leaf.maxDefinitionLevel, (page: PageEntries) => page.definition],
  ] as const) {
    if (stated === undefined) {
      assert.ok(leaf.maxRepetitionLevel === 0 || max < 2, leaf.path);
      continue;
    }
    const expected = pages.flatMap((page) => histogram(levelsOf(page), max));
    assert.deepEqual(stated.map(Number), expected);
  }
}

function mayLackColumnIndex(leaf: LeafColumn, pages: readonly PageEntries[]): boolean {
  const values = pages.flatMap((page) => page.values);
  if (leaf.sortOrder === 'none') return true;
  // Not equal to itself: a NaN.
  if (leaf.sortOrder.startsWith('float')) return values.some((value) => isNaNOf(value));
  return leaf.sortOrder === 'signed-bytes' && values.some((value) => value.length === 0);
}

function isNaNOf(value: Uint8Array): boolean {
  const bits = BigInt(`0x${Buffer.from(value).reverse().toString('hex')}`);
  const [exponent, fraction] =
    value.length === 2
      ? [0x7c00n, 0x3ffn]
      : value.length === 4
        ? [0x7f800000n, 0x7fffffn]
        : [0x7ffn << 52n, (1n << 52n) - 1n];
  return (bits & exponent) === exponent && (bits & fraction) !== 0n;
}

const kinds: readonly BoundKind[] = ['text', 'bytes', 'whole'];
const anyText = fc.string({ unit: 'binary', maxLength: 30 });

test('a bound that was cut off is still a bound, and text is cut between characters', () => {
  const value = fc.oneof(
    anyText.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 30 }),
    fc.uint8Array({ maxLength: 30 }).map((bytes) => bytes.fill(255, 0, 20)),
    fc
      .constantFrom('\u{10ffff}', '\ud7ff', '\u007f', '\u07ff', '\uffff')
      .map((one) => Buffer.from(one.repeat(20))),
  );
  fc.assert(
    fc.property(fc.constantFrom(...kinds), value, fc.integer({ min: 4, max: 20 }), (kind, bytes, most) => {
      const lower = shortLowerBound(kind, bytes, most);
      const upper = shortUpperBound(kind, bytes, most);
      assert.ok(Buffer.compare(lower, bytes) <= 0);
      assert.ok(Buffer.compare(bytes, upper) <= 0);
      if (kind === 'whole' || bytes.length <= most) {
        assert.deepEqual([hex(lower), hex(upper)], [hex(bytes), hex(bytes)]);
        return;
      }
      assert.ok(lower.length <= most && lower.length > most - 4);
      assert.ok(upper.length <= most + 3 || hex(upper) === hex(bytes));
      if (kind !== 'text' || !isUtf8(bytes)) return;
      assert.ok(isUtf8(lower) && isUtf8(upper));
    }),
    { numRuns: 3000 },
  );
});

test('of long text the index has the begins, and a value that cannot be exceeded stands whole or not at all', async () => {
  const fields: readonly Field[] = [
    { name: 't', repetition: 0, type: 6, convertedType: 0, children: [] },
    { name: 'b', repetition: 0, type: 6, children: [] },
  ];
  const indexOf = async (
    text: Uint8Array,
    bytes: Uint8Array,
  ): Promise<readonly (ColumnIndex | undefined)[]> => {
    const own = await ownFile(fields, [[[text, bytes]]], randomSource(1));
    const merged = await mergeBytes([own.bytes]);
    const source = memorySource('merged', merged.bytes);
    const indexes = await readPageIndexes(source, await readFooter(source), 0);
    return indexes.map(({ columnIndex }) => columnIndex);
  };
  const [t, b] = await indexOf(Buffer.from(`${'ä'.repeat(31)}x€${'y'.repeat(5000)}`), Buffer.alloc(100, 255));
  assert.equal(Buffer.from(t?.minima[0] ?? []).toString(), `${'ä'.repeat(31)}x`);
  assert.equal(Buffer.from(t?.maxima[0] ?? []).toString(), `${'ä'.repeat(31)}y`);
  assert.deepEqual([b?.minima[0]?.length, b?.maxima[0]?.length], [64, 100]);
  const [, none] = await indexOf(Buffer.from('x'), Buffer.alloc(5000, 255));
  assert.equal(none, undefined);
});
