import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FormatPlace } from '../../src/core/errors.ts';
import { FormatError } from '../../src/core/errors.ts';
import { encoding, pageType } from '../../src/parquet/format.ts';
import { type CraftedChunk, craftedFile, craftedPage, honestPage } from './crafted-file.ts';
import { foreignFile } from './foreign-file.ts';
import { fingerprintBytes, inputOf, mergeBytes } from './merging.ts';
import type { Field } from './model.ts';

const int: Field = { name: 'v', repetition: 0, type: 1, children: [] };
const fields: readonly Field[] = [
  int,
  { name: 'group', repetition: 1, children: [{ ...int, name: 'größe' }] },
];

/** A page of an optional column without nulls. */
function optionalPage(numbers: readonly number[]): Uint8Array {
  const levels = Uint8Array.of(2, 0, 0, 0, numbers.length * 2, 1);
  const body = Buffer.concat([levels, new Uint8Array(Int32Array.from(numbers).buffer)]);
  return craftedPage({ type: pageType.DATA_PAGE, body, values: numbers.length });
}

async function refusal(work: Promise<unknown>): Promise<FormatError> {
  let caught: unknown;
  await work.catch((error) => {
    caught = error;
  });
  assert.ok(caught instanceof FormatError, `refused, not ${caught}`);
  return caught;
}

/** Two row groups of two columns of three pages, with a change to the pages of one chunk. */
function fileWith(change: (pages: Uint8Array[]) => void, rowGroup: number, column: number): Uint8Array {
  const rowGroups = [0, 1].map((group) => ({
    rows: 6,
    chunks: [honestPage, optionalPage].map((make, index): CraftedChunk => {
      const pages = [make([1, 2]), make([3]), make([4, 5, 6])];
      if (group === rowGroup && index === column) change(pages);
      return { pages, values: 6 };
    }),
  }));
  return craftedFile(fields, rowGroups);
}

test('the page that cannot be read is named with the offset of its header', async () => {
  for (const rowGroup of [0, 1]) {
    for (const column of [0, 1]) {
      for (const page of [0, 1, 2]) {
        const bytes = fileWith(
          (pages) => {
            // Encoding 1 has not existed since before the format was published.
            pages[page] = craftedPage({
              type: pageType.DATA_PAGE,
              body: Uint8Array.of(2, 0, 0, 0, 2, 1, 9, 9),
              values: 1,
              encoding: 1,
            });
          },
          rowGroup,
          column,
        );
        const { footer } = await inputOf(bytes);
        const chunk = footer.rowGroups[rowGroup]?.chunks[column];
        assert.ok(chunk);
        const lengths = [column === 0 ? honestPage([1, 2]).length : optionalPage([1, 2]).length];
        lengths.push(column === 0 ? honestPage([3]).length : optionalPage([3]).length);
        const before = lengths.slice(0, page).reduce((sum, length) => sum + length, 0);
        const expected: FormatPlace = {
          file: 'input-0',
          rowGroup,
          column: column === 0 ? 'v' : 'group.größe',
          page,
          offsetBytes: chunk.startOffsetBytes + before,
          feature: 'encoding 1',
        };
        const error = await refusal(mergeBytes([bytes]));
        assert.deepEqual({ ...error.place }, expected);
        const { rowGroup: r, column: c, page: p, offsetBytes: o } = expected;
        assert.equal(
          error.message,
          `input-0, row group ${r}, column ${c}, page ${p}, offset ${o}: encoding 1 is not supported`,
        );
        assert.equal(error.code, 'format-unsupported');
        assert.equal(error.exitCode, 12);
        assert.deepEqual(
          { ...(await refusal(fingerprintBytes(bytes))).place },
          { ...expected, file: 'fingerprinted' },
        );
      }
    }
  }
});

test('the dictionary page counts as page 0', async () => {
  const dictionary = craftedPage({ type: pageType.DICTIONARY_PAGE, body: new Uint8Array(4), values: 1 });
  const body = Uint8Array.of(8, 4, 7);
  const bad = craftedPage({ type: pageType.DATA_PAGE, body, values: 2, encoding: encoding.RLE_DICTIONARY });
  const file = craftedFile([int], [{ rows: 2, chunks: [{ pages: [dictionary, bad], values: 2 }] }]);
  const error = await refusal(mergeBytes([file]));
  assert.equal(
    error.message,
    `input-0, row group 0, column v, page 1, offset ${4 + dictionary.length}: dictionary index 7 of 1 entries`,
  );
  assert.equal(error.code, 'format-corrupt');
});

test('a page header that is no page header, a wrong CRC, a page cut short: each at its page', async () => {
  const cases: readonly (readonly [RegExp, (pages: Uint8Array[]) => void])[] = [
    [/^thrift /, (pages) => pages.splice(1, 1, new Uint8Array(60).fill(0x1c))],
    [
      /^CRC of the page is [0-9a-f]+, its header says [0-9a-f]+$/,
      (pages) => {
        const page = pages[1]?.slice();
        assert.ok(page);
        page[page.length - 1] = 77;
        pages[1] = page;
      },
    ],
    [
      /^2 PLAIN values take 8 bytes, the page has 4$/,
      (pages) =>
        pages.splice(1, 1, craftedPage({ type: pageType.DATA_PAGE, body: new Uint8Array(4), values: 2 })),
    ],
  ];
  for (const [problem, change] of cases) {
    const bytes = fileWith(change, 1, 0);
    const chunk = (await inputOf(bytes)).footer.rowGroups[1]?.chunks[0];
    const error = await refusal(mergeBytes([bytes]));
    assert.match(error.problem, problem);
    const { file, rowGroup, column, page, offsetBytes } = error.place;
    assert.deepEqual([file, rowGroup, column, page], ['input-0', 1, 'v', 1]);
    assert.equal(offsetBytes, (chunk?.startOffsetBytes ?? 0) + honestPage([1, 2]).length);
  }
});

test('a column with fewer or more rows than its row group is named', async () => {
  // Lists: the number of values does not tell the number of rows.
  const list: Field = { name: 'tags', repetition: 2, type: 1, children: [] };
  const page = (repetition: number): Uint8Array => {
    const levels = Uint8Array.of(4, 0, 0, 0, 2, 0, 2, repetition, 2, 0, 0, 0, 4, 1);
    const body = Buffer.concat([levels, new Uint8Array(8)]);
    return craftedPage({ type: pageType.DATA_PAGE, body, values: 2 });
  };
  const chunk = (repetition: number): CraftedChunk => ({ pages: [page(repetition)], values: 2 });
  const good = craftedFile(
    [list],
    [
      { rows: 1, chunks: [chunk(1)] },
      { rows: 2, chunks: [chunk(0)] },
    ],
  );
  assert.equal((await mergeBytes([good])).result.rows, 3);
  const few = craftedFile(
    [list],
    [
      { rows: 1, chunks: [chunk(1)] },
      { rows: 2, chunks: [chunk(1)] },
    ],
  );
  const many = craftedFile(
    [list],
    [
      { rows: 1, chunks: [chunk(0)] },
      { rows: 2, chunks: [chunk(0)] },
    ],
  );
  const last = craftedFile(
    [list],
    [
      { rows: 2, chunks: [chunk(0)] },
      { rows: 1, chunks: [chunk(0)] },
    ],
  );
  for (const [bytes, rowGroup, problem] of [
    [few, 1, /^column chunk ends 1 rows before its row group$/],
    [many, 0, /^column chunk holds more rows than its row group$/],
    [last, 1, /^column chunk holds more rows than its row group$/],
  ] as const) {
    const error = await refusal(mergeBytes([good, bytes]));
    assert.match(error.problem, problem);
    assert.deepEqual({ ...error.place }, { file: 'input-1', rowGroup, column: 'tags' });
    const read = await refusal(fingerprintBytes(bytes));
    assert.match(read.problem, /^column holds \d rows, its row group \d$/);
    assert.deepEqual({ ...read.place }, { file: 'fingerprinted', rowGroup, column: 'tags' });
  }
});

test('what is wrong in a footer names the file, and the row group and column where there is one', async () => {
  const chunk: CraftedChunk = { pages: [honestPage([1, 2])], values: 2 };
  const good = craftedFile([int], [{ rows: 2, chunks: [chunk] }]);
  const cut = await refusal(inputOf(good.subarray(0, 11), 'cut'));
  assert.equal(cut.message, 'cut: is no Parquet file: 11 bytes are too few');
  const unmarked = await refusal(inputOf(good.subarray(0, good.length - 1), 'unmarked'));
  assert.match(unmarked.message, /^unmarked, offset \d+: is no Parquet file: it does not end with PAR1$/);
  const many = craftedFile(
    [int],
    [
      { rows: 2, chunks: [chunk] },
      { rows: 3, chunks: [chunk] },
    ],
  );
  const counted = await refusal(inputOf(many, 'counted'));
  assert.equal(
    counted.message,
    'counted, row group 1, column v: column chunk has 2 values, its row group 3 rows',
  );
  const far = craftedFile([int], [{ rows: 2, chunks: [{ ...chunk, offset: 2 ** 40 }] }]);
  const placed = await refusal(inputOf(far, 'far'));
  assert.match(
    placed.message,
    /^far, row group 0, column v, offset 1099511627776: column chunk ends at offset /,
  );
  const early = craftedFile([int], [{ rows: 2, chunks: [{ ...chunk, offset: 2 }] }]);
  assert.equal(
    (await refusal(inputOf(early, 'early'))).message,
    'early, row group 0, column v: column chunk starts at offset 2',
  );
});

test('names that are not UTF-8 are refused, and a byte order mark in a name is part of it', async () => {
  const fieldsWith = (name: string): readonly Field[] => [{ ...int, name }];
  const rows = [[Uint8Array.of(1, 0, 0, 0)]];
  const marked = foreignFile(fieldsWith('\ufeffid'), [rows], 1).bytes;
  const { bytes } = await mergeBytes([marked, marked]);
  const { footer } = await inputOf(bytes);
  assert.deepEqual(footer.leaves[0]?.pathNames, ['\ufeffid']);
  // The path in the column chunk, too: three bytes of the mark, then the name.
  const path = Buffer.from('\ufeffid');
  assert.equal(Buffer.from(bytes).toString('latin1').split(path.toString('latin1')).length - 1, 2);
  const latin = foreignFile(fieldsWith('gr??e'), [rows], 1).bytes;
  const at = Buffer.from(latin).indexOf('gr??e');
  latin[at + 2] = 0xf6;
  latin[at + 3] = 0xdf;
  const error = await refusal(inputOf(latin, 'latin'));
  assert.equal(error.message, 'latin: a column name that is no UTF-8 (gr\ufffd\ufffde) is not supported');
});
