import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { FormatError } from '../../src/core/errors.ts';
import { emptyDigests } from '../../src/parquet/fingerprint.ts';
import type { ParquetFooter } from '../../src/parquet/footer.ts';
import { codec } from '../../src/parquet/format.ts';
import { indexedRooms } from '../../src/parquet/indexed-extremes.ts';
import { crcTable } from '../../src/parquet/kernel/crc-table.ts';
import { type Kernel, notAppended } from '../../src/parquet/kernel/kernel.ts';
import { emptyRoom, rooms as freshRoomsOf } from '../../src/parquet/kernel/rooms.ts';
import { defaultMemoryLimits } from '../../src/parquet/memory-limits.ts';
import { chunkBuilder } from '../../src/parquet/merge/chunk-builder.ts';
import {
  type ColumnTools,
  columnMerge,
  finishColumn,
  mergeColumnChunk,
} from '../../src/parquet/merge/column-merge.ts';
import type { LoadedSlice } from '../../src/parquet/merge/source-row-groups.ts';
import { wholeChunks } from '../../src/parquet/merge/whole-chunks.ts';
import { rowGroupExtent } from '../../src/parquet/read/row-group-extent.ts';
import { wholeRowGroup } from '../../src/parquet/read/row-group-windows.ts';
import { chunkEncoder, defaultPageLimits } from '../../src/parquet/write/chunk-encoder.ts';
import { foreignFile } from './foreign-file.ts';
import { bothKernels, freshRooms } from './kernels.ts';
import { inputOf, mergeBytes } from './merging.ts';
import { type Field, randomFields, randomRows } from './model.ts';
import { randomSource } from './random-source.ts';

/** What became of each column of a file: its chunk encoded, with what was read of it; or why there is none. */
type Outcome = readonly (object | string)[];

/** How often each kernel function `appendChunks` was called, and how many chunks it took. */
interface Taken {
  chunks: number;
  readonly reasons: Set<number>;
}

function counting(kernel: Kernel, taken: Taken): Kernel {
  return {
    ...kernel,
    appendChunks: (column, chunks, count) => {
      const done = kernel.appendChunks(column, chunks, count);
      taken.chunks += done;
      if (done < count) taken.reasons.add(kernel.memory.words[0] as number);
      return done;
    },
  };
}

/** A kernel that takes no chunk whole, so that all pages are read one by one. */
function pageByPage(kernel: Kernel): Kernel {
  const appendChunks = (): number => {
    kernel.memory.words[0] = notAppended.unusual;
    return 0;
  };
  return { ...kernel, appendChunks };
}

/** Merges every row group of a file into one chunk, column by column. */
async function merged(kernel: Kernel, bytes: Uint8Array, footer: ParquetFooter): Promise<Outcome> {
  const outcome: (object | string)[] = [];
  freshRooms(kernel);
  for (const leaf of footer.leaves) {
    const rooms = freshRoomsOf(kernel);
    const slices = footer.rowGroups.flatMap((rowGroup, number): LoadedSlice[] => {
      const extent = rowGroupExtent(rowGroup);
      const { startOffsetBytes, sizeBytes } = extent;
      if (rowGroup.rows === 0 || sizeBytes > bytes.length) return [];
      const source = { name: 'file', sizeBytes: bytes.length, read: unread, close: unread };
      const stored = bytes.subarray(startOffsetBytes, startOffsetBytes + sizeBytes);
      const windows = wholeRowGroup(rooms, source, extent, stored);
      const from = { key: `0/${number}`, input: 0, file: footer.file, number, rowGroup, windows };
      return [{ rows: rowGroup.rows, isLast: true, from }];
    });
    const tools: ColumnTools = {
      builder: chunkBuilder(rooms, leaf),
      whole: wholeChunks(rooms),
      encoder: chunkEncoder(rooms),
      useDictionary: true,
      formats: footer.leaves.map(() => ({ ...defaultPageLimits, codec: codec.UNCOMPRESSED })),
      compact: [],
      sortCheck: undefined,
      memory: defaultMemoryLimits,
      copied: emptyRoom(),
      ownInputs: new Set<number>(),
      indexed: indexedRooms(),
      keptBytes: 0,
    };
    const [state] = emptyDigests(rooms, emptyRoom(), [leaf]);
    assert.ok(state);
    const column = columnMerge(rooms, leaf, state.digest);
    try {
      const { pages, ...chunk } = await mergeColumnChunk(column, slices, tools);
      outcome.push({ ...chunk, pages: pages.map((page) => page.slice()), fingerprint: finishColumn(column) });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      outcome.push(`${error.message} ${JSON.stringify(error.place)}`);
    }
  }
  return outcome;
}

function unread(): Promise<never> {
  throw new Error('everything is there already');
}

/** The same from both kernels, whole chunks at a time and page by page. */
async function mergedAlike(bytes: Uint8Array, taken: Taken, kernels = bothKernels()): Promise<Outcome> {
  const { footer } = await inputOf(bytes);
  const outcomes: Outcome[] = [];
  for (const kernel of kernels) {
    const own: Taken = { chunks: 0, reasons: new Set() };
    outcomes.push(await merged(counting(kernel, own), bytes, footer));
    outcomes.push(await merged(pageByPage(kernel), bytes, footer));
    taken.chunks += own.chunks;
    for (const reason of own.reasons) taken.reasons.add(reason);
  }
  const [first = [], ...others] = outcomes;
  for (const other of others) assert.deepEqual(other, first);
  return first;
}

test('chunks taken whole come to what their pages come to one by one, in both kernels', async () => {
  const taken: Taken = { chunks: 0, reasons: new Set() };
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const groups = Array.from({ length: 1 + random.below(3) }, () =>
        randomRows(random, fields, random.below(random.pick([5, 60]))),
      );
      const { bytes } = foreignFile(fields, groups, random.word(), {
        codec: random.pick([codec.SNAPPY, codec.UNCOMPRESSED]),
        hasCrc: random.chance(50),
      });
      const outcome = await mergedAlike(bytes, taken);
      assert.deepEqual(
        outcome.filter((one) => typeof one === 'string'),
        [],
      );
    }),
    { numRuns: 60 },
  );
  assert.ok(taken.chunks > 100, `${taken.chunks} chunks were taken whole`);
});

test('damaged chunks come to the same error or the same values, taken whole or page by page', async () => {
  const taken: Taken = { chunks: 0, reasons: new Set() };
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 2);
      const groups = [randomRows(random, fields, 12), randomRows(random, fields, 12)];
      const { bytes } = foreignFile(fields, groups, random.word(), {
        codec: random.pick([codec.SNAPPY, codec.UNCOMPRESSED]),
        hasCrc: random.chance(20),
        isModern: true,
      });
      const footerBytes = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
      for (let i = 0; i <= random.below(3); i++) {
        const at = 4 + random.below(bytes.length - footerBytes - 12);
        bytes[at] = random.chance(50) ? random.below(256) : (bytes[at] as number) ^ (1 << random.below(8));
      }
      const outcome = await mergedAlike(bytes, taken);
      if (outcome.some((one) => typeof one === 'string')) refused++;
    }),
    { numRuns: 150 },
  );
  assert.ok(taken.chunks > 100, `${taken.chunks} chunks were taken whole`);
  assert.ok(refused > 20, `${refused} files were refused`);
});

test('a chunk that does not fit is taken once there is room, and its dictionary given up where it does not pay', async () => {
  const [kernel] = bothKernels();
  assert.ok(kernel);
  const leaf = { name: 'value', repetition: 1, children: [] } as const;
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
  const cases: readonly [Field, (i: number) => Uint8Array][] = [
    [{ ...leaf, type: 2 }, (i) => new Uint8Array(BigInt64Array.of(BigInt(i)).buffer)],
    [{ ...leaf, type: 2 }, (i) => new Uint8Array(BigInt64Array.of(BigInt(i % 3000)).buffer)],
    [{ ...leaf, type: 6 }, (i) => bytesOf(`number ${i}`)],
    [{ ...leaf, type: 6 }, (i) => bytesOf(`one of some longer texts, number ${i % 5000}`)],
    [{ ...leaf, type: 7, typeLength: 3 }, (i) => Uint8Array.of(i, i >> 8, i >> 16)],
    [{ ...leaf, type: 0 }, (i) => Uint8Array.of(i & 1)],
  ];
  const taken: Taken = { chunks: 0, reasons: new Set() };
  for (const [i, [field, valueAt]] of cases.entries()) {
    const groups = Array.from({ length: 10 }, (_, group) =>
      Array.from({ length: 2500 }, (__, row) => [row % 50 === 7 ? undefined : valueAt(group * 2500 + row)]),
    );
    // What it is written as by chance is not always what is taken whole.
    const foreign = foreignFile([field], groups, i, { codec: codec.SNAPPY }).bytes;
    const { bytes } = await mergeBytes([foreign], { rowGroupRows: 2500 });
    // In the reference it would take a minute; that it is the same, the properties above say.
    const outcome = await mergedAlike(bytes, taken, [kernel]);
    assert.equal(typeof outcome[0], 'object');
  }
  const { dictionaryFull, dictionaryUnpaid, bytesFull } = notAppended;
  assert.deepEqual([...taken.reasons].sort(), [dictionaryFull, dictionaryUnpaid, bytesFull]);
});

test('the table of the CRC makes what zlib makes', () => {
  const table = crcTable();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
      let crc = 0;
      for (const [i, byte] of bytes.entries()) {
        const mixed = i < 4 ? byte ^ 0xff : byte;
        crc ^= table[(7 - i) * 256 + mixed] as number;
      }
      assert.equal(~crc >>> 0, crc32(bytes));
    }),
  );
});
