import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ParquetFooter } from '../../src/parquet/footer.ts';
import { planOutputRowGroups } from '../../src/parquet/merge/output-row-groups.ts';
import type { ColumnChunk } from '../../src/parquet/metadata/column-chunk.ts';
import type { RowGroup } from '../../src/parquet/metadata/row-group.ts';

interface Source {
  readonly rows: number;
  readonly bytes: number;
  readonly entries: number;
}

function footerOf(rowGroups: readonly Source[]): ParquetFooter {
  return {
    file: 'planned',
    fileSizeBytes: 0,
    footerSizeBytes: 0,
    version: 1,
    rows: rowGroups.reduce((sum, { rows }) => sum + rows, 0),
    createdBy: undefined,
    elements: [],
    elementBytes: [],
    leaves: [],
    schemaKey: '',
    keyValues: [],
    rowGroups: rowGroups.map(({ rows, bytes, entries }): RowGroup => {
      const chunk = (valueCount: number, sizeBytes: number): ColumnChunk => ({
        type: 1,
        encodings: [],
        codec: 0,
        valueCount,
        uncompressedSizeBytes: sizeBytes,
        compressedSizeBytes: Math.ceil(sizeBytes / 3),
        startOffsetBytes: 4,
        dataPageOffsetBytes: 4,
        hasBloomFilter: false,
        hasPageIndex: false,
      });
      // Two columns, the second the longer one.
      const chunks = [chunk(rows, Math.floor(bytes / 2)), chunk(entries, Math.ceil(bytes / 2))];
      return { rows, totalSizeBytes: bytes, chunks, isSorted: false, bytes: new Uint8Array(0) };
    }),
  };
}

const source = fc
  .record({
    rows: fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 100_000 })),
    bytes: fc.nat({ max: 5_000_000 }),
    extra: fc.oneof(
      { weight: 4, arbitrary: fc.nat({ max: 20 }) },
      { weight: 1, arbitrary: fc.nat({ max: 3e7 }) },
    ),
  })
  .map(({ rows, bytes, extra }): Source => ({ rows, bytes, entries: rows === 0 ? 0 : rows + extra }));
const files = fc.array(fc.array(source, { maxLength: 4 }), { maxLength: 6 });

test('every row is in one slice, in order, and limits hold', () => {
  const rowGroupRows = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 100, max: 200_000 }));
  const rowGroupBytes = fc.oneof(fc.integer({ min: 1000, max: 200_000 }), fc.constant(128 * 1024 * 1024));
  const chunkBytes = fc.oneof(fc.integer({ min: 1000, max: 200_000 }), fc.constant(64 * 1024 * 1024));
  fc.assert(
    fc.property(files, rowGroupRows, rowGroupBytes, chunkBytes, (sources, maxRows, maxBytes, maxChunk) => {
      const total = sources.flat().reduce((sum, { rows }) => sum + rows, 0);
      // Few rows a group and many rows in all would only take long.
      fc.pre(
        total / maxRows < 30_000 &&
          sources.flat().every(({ bytes }) => (bytes / Math.min(maxBytes, maxChunk)) * 10 < 3000),
      );
      const outputs = [...planOutputRowGroups(sources.map(footerOf), maxRows, maxBytes, maxChunk)];
      const taken = sources.map((rowGroups) => rowGroups.map(() => 0));
      let last = [-1, -1];
      for (const { rows, slices } of outputs) {
        assert.ok(rows > 0 && rows <= maxRows, `${rows} rows`);
        assert.equal(
          slices.reduce((sum, slice) => sum + slice.rows, 0),
          rows,
        );
        let bytes = 0;
        let entries = 0;
        for (const slice of slices) {
          const from = sources[slice.input]?.[slice.rowGroup];
          assert.ok(from && slice.rows > 0);
          const [input = -1, rowGroup = -1] = last;
          const comesLater = slice.input > input || (slice.input === input && slice.rowGroup >= rowGroup);
          assert.ok(comesLater, 'slices come in the order of the rows');
          last = [slice.input, slice.rowGroup];
          bytes += (slice.rows * from.bytes) / from.rows;
          entries += (slice.rows * from.entries) / from.rows;
          const own = taken[slice.input];
          assert.ok(own);
          own[slice.rowGroup] = (own[slice.rowGroup] ?? 0) + slice.rows;
          assert.equal(slice.isLast, own[slice.rowGroup] === from.rows);
        }
        // A single row may be larger than the limit; it has a row group of its own then.
        if (rows > 1) assert.ok(bytes <= maxBytes * 1.001, `${bytes} of ${maxBytes} bytes`);
        if (rows > 1)
          assert.ok(bytes / 2 <= maxChunk * 1.01, `${bytes / 2} of ${maxChunk} bytes of a column`);
        if (rows > 1) assert.ok(entries <= 16 * 1024 * 1024 * 1.001, `${entries} entries`);
      }
      assert.deepEqual(
        taken,
        sources.map((rowGroups) => rowGroups.map(({ rows }) => rows)),
      );
    }),
    { numRuns: 300 },
  );
});

test('row groups are as large as the limits let them be', () => {
  const small = footerOf([{ rows: 10, bytes: 100, entries: 10 }]);
  const sizes = (rows: number, bytes: number): number[] =>
    [...planOutputRowGroups([small, small, small], rows, bytes, 1_000_000)].map((output) => output.rows);
  assert.deepEqual(sizes(50_000, 1_000_000), [30]);
  assert.deepEqual(sizes(12, 1_000_000), [12, 12, 6]);
  assert.deepEqual(sizes(50_000, 150), [15, 15]);
  assert.deepEqual(sizes(50_000, 1), new Array(30).fill(1));
});

test('footers that lie about their sizes cost neither time nor tiny row groups', () => {
  const honest = { rows: 1000, bytes: 30_000, entries: 1000 };
  const [lied] = footerOf([honest]).rowGroups;
  assert.ok(lied);
  const chunks = lied.chunks.map((chunk) => ({ ...chunk, uncompressedSizeBytes: 2 ** 52 }));
  const footer = { ...footerOf([honest]), rowGroups: [{ ...lied, chunks }] };
  assert.equal([...planOutputRowGroups([footer], 50_000, 128 * 1024 * 1024, 64 * 1024 * 1024)].length, 1);
  const endless = footerOf([{ rows: 2 ** 52, bytes: 100, entries: 2 ** 52 }]);
  assert.equal(
    planOutputRowGroups([endless], 50_000, 128 * 1024 * 1024, 64 * 1024 * 1024).next().value?.rows,
    50_000,
  );
});
