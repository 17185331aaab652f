import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { type ByteSource, memorySource } from '../../src/core/byte-source.ts';
import { FormatError } from '../../src/core/errors.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { pageType, physicalType } from '../../src/parquet/format.ts';
import { type Page, pages } from '../../src/parquet/read/pages.ts';
import { craftedFile, craftedPage, honestPage } from './crafted-file.ts';
import { foreignFile } from './foreign-file.ts';
import { randomFields, randomRows } from './model.ts';
import { randomSource } from './random-source.ts';

async function pagesOf(source: ByteSource, rowGroup = 0, column = 0): Promise<readonly Page[]> {
  const found: Page[] = [];
  for await (const page of pages(source, await readFooter(source), rowGroup, column)) found.push(page);
  return found;
}

const number = { name: 'n', repetition: 0, type: physicalType.INT32, children: [] };

test('the pages of any chunk lie one behind the other and hold all of its values', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const rowGroups = [0, 1].map(() => randomRows(random, fields, random.below(60)));
      const { bytes } = foreignFile(fields, rowGroups, random.word());
      const source = memorySource('foreign', bytes);
      const footer = await readFooter(source);
      for (const [rowGroup, { chunks, rows }] of footer.rowGroups.entries()) {
        for (const [column, chunk] of chunks.entries()) {
          if (chunk.valueCount === 0) continue;
          let end = chunk.startOffsetBytes;
          let values = 0;
          let rowsSeen: number | undefined = 0;
          for (const page of await pagesOf(source, rowGroup, column)) {
            assert.equal(page.offsetBytes, end);
            const bodyAt = end + page.headerSizeBytes;
            end = bodyAt + page.compressedSizeBytes;
            if (page.crc !== undefined) assert.equal(crc32(bytes.subarray(bodyAt, end)), page.crc);
            if (page.kind === 'DICTIONARY_PAGE') continue;
            values += page.values ?? 0;
            rowsSeen = page.rows === undefined || rowsSeen === undefined ? undefined : rowsSeen + page.rows;
          }
          assert.equal(end, chunk.startOffsetBytes + chunk.compressedSizeBytes);
          assert.equal(values, chunk.valueCount);
          if (rowsSeen !== undefined) assert.equal(rowsSeen, rows);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a header is told with everything that stands in it', async () => {
  const body = new Uint8Array(12);
  const v2 = craftedPage({ type: pageType.DATA_PAGE_V2, body, values: 3, nulls: 0 });
  const bytes = craftedFile(
    [number],
    [{ rows: 5, chunks: [{ pages: [honestPage([7, 8]), v2], values: 5 }] }],
  );
  const [first, second, ...others] = await pagesOf(memorySource('crafted', bytes));
  assert.deepEqual(others, []);
  const { headerSizeBytes = 0, crc } = first ?? {};
  assert.deepEqual(first, {
    kind: 'DATA_PAGE',
    number: 0,
    offsetBytes: 4,
    headerSizeBytes,
    compressedSizeBytes: 8,
    uncompressedSizeBytes: 8,
    crc: crc32(Int32Array.of(7, 8)),
    values: 2,
    encoding: 'PLAIN',
    rows: 2,
  });
  assert.equal(crc, crc32(bytes.subarray(4 + headerSizeBytes, 12 + headerSizeBytes)));
  assert.deepEqual(second, {
    kind: 'DATA_PAGE_V2',
    number: 1,
    offsetBytes: 12 + headerSizeBytes,
    headerSizeBytes: v2.length - 12,
    compressedSizeBytes: 12,
    uncompressedSizeBytes: 12,
    values: 3,
    encoding: 'PLAIN',
    rows: 3,
    nulls: 0,
    isCompressed: true,
  });
});

test('bodies of large pages are not read', async () => {
  const large = new Uint8Array(4 * 1024 * 1024);
  const page = craftedPage({ type: pageType.DATA_PAGE, body: large, values: large.length / 4 });
  const values = large.length / 2;
  const bytes = craftedFile([number], [{ rows: values, chunks: [{ pages: [page, page], values }] }]);
  const memory = memorySource('large', bytes);
  let readBytes = 0;
  const source: ByteSource = {
    ...memory,
    read: (offset, length) => {
      readBytes += length;
      return memory.read(offset, length);
    },
  };
  assert.equal((await pagesOf(source)).length, 2);
  assert.ok(readBytes < 1024 * 1024, `${readBytes} bytes`);
});

test('a header that is longer than what is read of it at first is read again', async () => {
  // An unknown field of the header: 400,000 bytes of text, more than one step.
  const text = Buffer.alloc(400_000, 97);
  const [length, rest] = [Buffer.from([0x80, 0xb5, 0x18]), honestPage([1, 2, 3])];
  assert.equal(0x00 | (0x35 << 7) | (0x18 << 14), 400_000);
  // Field 9 of type binary comes behind the data page header (field 5), before the stop byte.
  const headerEnd = rest.length - 12 - 1;
  const page = Buffer.concat([
    rest.subarray(0, headerEnd),
    Buffer.from([0x48]),
    length,
    text,
    rest.subarray(headerEnd),
  ]);
  const bytes = craftedFile([number], [{ rows: 3, chunks: [{ pages: [page], values: 3 }] }]);
  const [only] = await pagesOf(memorySource('long header', bytes));
  assert.equal(only?.headerSizeBytes, page.length - 12);
  assert.equal(only?.values, 3);
});

test('what does not exist and what is damaged is named', async () => {
  const page = honestPage([1, 2, 3]);
  const honest = memorySource(
    'honest',
    craftedFile([number], [{ rows: 3, chunks: [{ pages: [page], values: 3 }] }]),
  );
  await assert.rejects(pagesOf(honest, 1, 0), RangeError);
  await assert.rejects(pagesOf(honest, 0, 1), RangeError);

  const tooFew = craftedFile([number], [{ rows: 4, chunks: [{ pages: [page], values: 4 }] }]);
  await assert.rejects(pagesOf(memorySource('few', tooFew)), (error) => {
    assert.ok(error instanceof FormatError);
    assert.match(error.message, /^few, row group 0, column n: column chunk ends with 1 of 4 values missing$/);
    return true;
  });
  const tooLong = craftedPage({
    type: pageType.DATA_PAGE,
    body: new Uint8Array(4),
    values: 1,
    compressedSize: 99,
  });
  const long = craftedFile([number], [{ rows: 1, chunks: [{ pages: [tooLong], values: 1 }] }]);
  await assert.rejects(pagesOf(memorySource('long', long)), /page 0, offset 4: page of 99 bytes ends behind/);

  // Filling bytes behind the last value are no pages.
  const filled = craftedFile(
    [number],
    [{ rows: 3, chunks: [{ pages: [page, Buffer.alloc(9, 0xff)], values: 3 }] }],
  );
  assert.equal((await pagesOf(memorySource('filled', filled))).length, 1);
});
