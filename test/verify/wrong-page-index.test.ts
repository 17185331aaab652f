import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { VerifyError } from '../../src/core/errors.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { fingerprintRowGroups, type PageFingerprint } from '../../src/parquet/read/fingerprint-file.ts';
import { readPageIndexes } from '../../src/parquet/read/page-indexes.ts';
import type { PageFacts } from '../../src/parquet/write/page-facts.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { asWritten, madeFile, madeMerge, madeRows, verificationOf } from '../support/made-files.ts';
import { type ChunkParts, rewriteFile } from '../support/rewrite-file.ts';

// More than two pages of 20,000 rows.
const rows = madeRows(0, 45_000);
const inputs = [await madeFile('/data/a', rows.slice(0, 300)), await madeFile('/data/b', rows.slice(300))];
const made = await madeMerge(inputs);

/** The pages of each leaf of the only row group of the merged file, as they are. */
const pages = await pagesOf(made.bytes);

async function pagesOf(bytes: Uint8Array): Promise<readonly (readonly PageFingerprint[])[]> {
  const source = memorySource('made', bytes);
  const found: (readonly (readonly PageFingerprint[])[])[] = [];
  const footer = await readFooter(source);
  const range = { from: 0, to: footer.rowGroups.length };
  await fingerprintRowGroups(source, footer, range, undefined, {
    onRowGroup: (_, __, ofRowGroup) => {
      found.push(ofRowGroup);
    },
  });
  assert.equal(found.length, 1);
  return found[0] ?? assert.fail();
}

function factsOf(chunk: ChunkParts): readonly PageFacts[] {
  return (pages[chunk.leaf.index] ?? []).map(({ sizeBytes, rows: pageRows, nulls, nans, min, max }) => ({
    sizeBytes,
    rows: pageRows,
    nulls,
    extremes: { order: chunk.leaf.sortOrder, min, max, nanCount: nans },
    byteArrayBytes: 0,
    levels: { repetition: [], definition: [] },
  }));
}

/** The merged file with the page index of one column changed. */
function indexed(
  path: string,
  change: (facts: readonly PageFacts[]) => readonly PageFacts[],
): Promise<Uint8Array> {
  return rewriteFile(made.bytes, (chunks) =>
    chunks.map((chunk) => {
      const facts = factsOf(chunk);
      return { ...chunk, pageFacts: chunk.leaf.path === path ? change(facts) : facts };
    }),
  );
}

async function verify(bytes: Uint8Array): Promise<void> {
  await verifyStagedFile(await verificationOf(inputs, { ...made, bytes, written: await asWritten(bytes) }));
}

test('a right page index is accepted', async () => {
  const bytes = await indexed('id', (facts) => facts);
  const source = memorySource('indexed', bytes);
  const indexes = await readPageIndexes(source, await readFooter(source), 0);
  for (const { offsetIndex } of indexes) assert.ok((offsetIndex?.pages.length ?? 0) >= 3);
  assert.equal(indexes[0]?.columnIndex?.order, 'ascending');
  await verify(bytes);
  await verify(made.bytes);
});

type Change = (page: PageFacts, facts: readonly PageFacts[]) => PageFacts;
const second = (change: Change) => (facts: readonly PageFacts[]) =>
  facts.map((page, i) => (i === 1 ? change(page, facts) : page));

for (const [what, path, change, message] of [
  ['a page is missing', 'id', (facts: readonly PageFacts[]) => facts.slice(1), /3 pages, found 2/],
  [
    'two pages have changed places',
    'braking',
    (facts: readonly PageFacts[]) => [...facts.slice(0, 1), ...facts.slice(1).reverse()],
    /page 1 of row 20000 on .*found row 20000/,
  ],
  [
    'a page begins a row later',
    'id',
    second((page) => ({ ...page, rows: page.rows + 1 })),
    /page 2 of row 40000/,
  ],
  [
    'a page is a byte longer',
    'lat',
    second((page) => ({ ...page, sizeBytes: page.sizeBytes + 1 })),
    /page 1 of row/,
  ],
  [
    'a least value is too great',
    'id',
    second((page) => ({ ...page, extremes: { ...page.extremes, min: page.extremes.max } })),
    /page 1 with a least value of/,
  ],
  [
    'a greatest value is too small',
    'tags',
    second((page) => ({ ...page, extremes: { ...page.extremes, max: Buffer.from('t4') } })),
    /page 1 with a greatest value of 0x7435 in the column index, found 0x7434/,
  ],
  [
    'a page with values is said to be of nulls alone',
    'weather',
    second((page) => ({ ...page, extremes: { ...page.extremes, min: undefined, max: undefined } })),
    /page 1 with values in|page 1 with values/,
  ],
  [
    'nulls are miscounted',
    'speed',
    second((page) => ({ ...page, nulls: page.nulls - 1 })),
    /page 1 with \d+ nulls/,
  ],
] as const) {
  test(`a page index is refused: ${what}`, async () => {
    const bytes = await indexed(path, change);
    await assert.rejects(verify(bytes), (error) => {
      assert.ok(error instanceof VerifyError, String(error));
      assert.equal(error.code, 'page-index');
      assert.match(error.message, message);
      assert.ok(error.message.includes(`row group 0, column ${path}`), error.message);
      return true;
    });
  });
}

test('a wrong order of bounds is refused', async () => {
  // Bounds as wide as can be are true of every page; only what is stated of their order is not.
  const bytes = await indexed('lat', (facts) => facts);
  const source = memorySource('indexed', bytes);
  const footer = await readFooter(source);
  const lat = footer.leaves.findIndex(({ path }) => path === 'lat');
  const [, , index] = await readPageIndexes(source, footer, 0);
  assert.equal(lat, 2);
  assert.equal(index?.columnIndex?.order, 'unordered');
  const changed = bytes.slice();
  // boundary_order, field 4 behind the list of maxima, is the zigzag i32 before the null counts (field 5).
  const last = index.columnIndex.maxima.at(-1) ?? assert.fail();
  const at = Buffer.from(changed).indexOf(Buffer.concat([last, Buffer.from([0x15, 0x00, 0x19])]));
  assert.ok(at > 0);
  changed[at + last.length + 1] = 2;
  await assert.rejects(verify(changed), (error) => {
    assert.ok(error instanceof VerifyError, String(error));
    assert.match(error.message, /bounds in ascending order/);
    return true;
  });
});
