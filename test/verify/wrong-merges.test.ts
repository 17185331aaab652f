import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FormatError, VerifyError } from '../../src/core/errors.ts';
import type { MergeInput } from '../../src/parquet/merge/merge-request.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import {
  asWritten,
  type MadeRow,
  madeFile,
  madeMerge,
  madeRows,
  verificationOf,
} from '../support/made-files.ts';
import { type ChunkParts, rewriteFile } from '../support/rewrite-file.ts';

// More than a page of 20,000 rows, so that there are pages to lose; the second input ends in a row group of its own.
const rows = madeRows(0, 45_100);
const inputs = [await madeFile('/data/a', rows.slice(0, 300)), await madeFile('/data/b', rows.slice(300))];
const made = await madeMerge(inputs, 44_999);

/** Asserts that bytes which were written and stored as they are do not pass as the merge of `inputs`. */
async function rejected(bytes: Uint8Array, codes: readonly string[]): Promise<void> {
  const verification = await verificationOf(inputs, { ...made, bytes, written: await asWritten(bytes) });
  await assert.rejects(verifyStagedFile(verification), (error) => {
    assert.ok(error instanceof VerifyError || error instanceof FormatError, String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    if (error instanceof VerifyError) {
      assert.match(error.message, /\/data\/staged/);
      assert.match(error.dataState ?? '', /originals are untouched/);
      assert.ok(error.hint);
    }
    return true;
  });
}

/** The bytes of a merge of other rows than those of `inputs`. */
async function mergeOf(changed: readonly MadeRow[]): Promise<Uint8Array> {
  const files: MergeInput[] = [
    await madeFile('/data/a', changed.slice(0, 300)),
    await madeFile('/data/b', changed.slice(300)),
  ];
  return (await madeMerge(files, 45_000)).bytes;
}

function withRow(index: number, change: (row: MadeRow) => MadeRow): readonly MadeRow[] {
  return rows.map((row, i) => (i === index ? change(row) : row));
}

function chunkAt(chunks: readonly ChunkParts[], path: string, change: (chunk: ChunkParts) => ChunkParts) {
  return chunks.map((chunk) => (chunk.leaf.path === path ? change(chunk) : chunk));
}

test('taking a file apart and together again changes nothing (so what follows is what the change did)', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks) => chunks);
  await verifyStagedFile(await verificationOf(inputs, { ...made, bytes, written: await asWritten(bytes) }));
});

test('a lost row', () => mergeOf(rows.toSpliced(7, 1)).then((bytes) => rejected(bytes, ['rows-staged'])));
test('a doubled row', () =>
  mergeOf(rows.toSpliced(7, 0, ...rows.slice(7, 8))).then((bytes) => rejected(bytes, ['rows-staged'])));
test('a row replaced by another, the count being right', () =>
  mergeOf(withRow(7, () => rows[8] ?? assert.fail())).then((bytes) =>
    rejected(bytes, ['value-digest', 'level-digest', 'null-count', 'value-count']),
  ));
test('two rows that differ in one column, swapped', () => {
  const [a, b] = [rows[40_000], rows[40_001]];
  assert.ok(a && b);
  const changed = rows.with(40_000, { ...a, id: b.id }).with(40_001, { ...b, id: a.id });
  return mergeOf(changed).then((bytes) => rejected(bytes, ['value-digest']));
});
test('two inputs in the wrong order', async () => {
  const swapped = await madeMerge([...inputs].reverse(), 44_999);
  await rejected(swapped.bytes, ['level-digest', 'value-digest']);
});
test('a value that became null', () =>
  mergeOf(withRow(20_000, ({ weather: _lost, ...row }) => row)).then((bytes) =>
    rejected(bytes, ['null-count']),
  ));
test('a null that moved to the next row', () => {
  const i = rows.findIndex((row, n) => n > 1000 && row.speed === undefined);
  const [at, next] = [rows[i], rows[i + 1]];
  assert.ok(at && next?.speed !== undefined);
  const { speed, ...without } = next;
  const changed = rows.with(i, { ...at, speed }).with(i + 1, without);
  return mergeOf(changed).then((bytes) => rejected(bytes, ['level-digest']));
});
test('an empty list that became a list of one', () => {
  const i = rows.findIndex((row, n) => n > 500 && row.tags.length === 0);
  return mergeOf(withRow(i, (row) => ({ ...row, tags: ['t0'] }))).then((bytes) =>
    rejected(bytes, ['null-count']),
  );
});
test('an element that moved to the list of the next row', () => {
  const i = rows.findIndex((row, n) => n > 500 && row.tags.length === 2 && rows[n + 1]?.tags.length === 3);
  const [at, next] = [rows[i], rows[i + 1]];
  assert.ok(at && next);
  const [first = ''] = at.tags.slice(-1);
  const changed = rows
    .with(i, { ...at, tags: at.tags.slice(0, -1) })
    .with(i + 1, { ...next, tags: [first, ...next.tags] });
  return mergeOf(changed).then((bytes) => rejected(bytes, ['level-digest']));
});
test('-0 that became 0', async () => {
  const zeros = [await madeFile('/data/z', withRow(9, (row) => ({ ...row, lat: -0 })).slice(0, 50))];
  const right = await madeMerge(zeros);
  const wrong = await madeMerge([
    await madeFile('/data/z', withRow(9, (row) => ({ ...row, lat: 0 })).slice(0, 50)),
  ]);
  const verification = await verificationOf(zeros, { ...right, bytes: wrong.bytes, written: wrong.written });
  await assert.rejects(
    verifyStagedFile(verification),
    (error) => error instanceof VerifyError && error.code === 'value-digest',
  );
});

test('two columns of one type, swapped', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks) => {
    const [lat, lon] = ['lat', 'lon'].map((path) => chunks.find((chunk) => chunk.leaf.path === path));
    assert.ok(lat && lon);
    return chunks.map((chunk) => {
      if (chunk.leaf.path === 'lat') return { ...lon, leaf: chunk.leaf };
      return chunk.leaf.path === 'lon' ? { ...lat, leaf: chunk.leaf } : chunk;
    });
  });
  await rejected(bytes, ['value-digest']);
});
test('a lost data page', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks) =>
    chunkAt(chunks, 'lat', (chunk) => ({ ...chunk, pages: chunk.pages.slice(0, -1) })),
  );
  await rejected(bytes, ['format-corrupt']);
});
test('a lost data page of a repeated column, with the number of values made to fit', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks, rowGroup) =>
    chunkAt(chunks, 'tags', (chunk) =>
      rowGroup > 0
        ? chunk
        : { ...chunk, pages: chunk.pages.toSpliced(1, 1), valueCount: chunk.valueCount - 35_000 },
    ),
  );
  await rejected(bytes, ['format-corrupt']);
});
test('a data page in the place of another', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks) =>
    chunkAt(chunks, 'lon', (chunk) =>
      chunk.pages.length < 3
        ? chunk
        : { ...chunk, pages: chunk.pages.with(1, chunk.pages[0] ?? assert.fail()) },
    ),
  );
  await rejected(bytes, ['value-digest']);
});
test('two data pages in the wrong order', async () => {
  let swapped = 0;
  const bytes = await rewriteFile(made.bytes, (chunks) =>
    chunkAt(chunks, 'braking', (chunk) => {
      const [first, second, ...others] = chunk.pages;
      if (first === undefined || second === undefined || others.length === 0) return chunk;
      swapped++;
      return { ...chunk, pages: [second, first, ...others] };
    }),
  );
  assert.equal(swapped, 1);
  await rejected(bytes, ['value-digest']);
});
test('a dictionary of another row group', async () => {
  const dictionaries: Uint8Array[] = [];
  const bytes = await rewriteFile(made.bytes, (chunks) =>
    chunkAt(chunks, 'weather', (chunk) => {
      const [dictionary = assert.fail(), ...pages] = chunk.pages;
      dictionaries.push(dictionary);
      const other = dictionaries[0] ?? assert.fail();
      return { ...chunk, pages: [other, ...pages], dictionarySizeBytes: other.length };
    }),
  );
  assert.equal(dictionaries.length, 2);
  assert.notDeepEqual(
    dictionaries[0],
    dictionaries[1],
    'the two dictionaries must differ for this to be damage',
  );
  await rejected(bytes, ['value-digest', 'format-corrupt']);
});

test('statistics: a greatest value below the greatest', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks) =>
    chunkAt(chunks, 'id', (chunk) => ({ ...chunk, max: chunk.min })),
  );
  await rejected(bytes, ['statistics']);
});
test('statistics: a least value above the least', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks) =>
    chunkAt(chunks, 'weather', (chunk) => ({ ...chunk, min: Buffer.from('cloudy') })),
  );
  await rejected(bytes, ['statistics']);
});
test('statistics: a wrong number of nulls', async () => {
  const bytes = await rewriteFile(made.bytes, (chunks) =>
    chunkAt(chunks, 'speed', (chunk) => ({ ...chunk, nullCount: 0 })),
  );
  await rejected(bytes, ['statistics']);
});
test('key-value metadata that was lost', async () => {
  await rejected(await rewriteFile(made.bytes, (chunks) => chunks, false), ['key-value-metadata']);
});
test('another schema', async () => {
  const { leaf: _leaf, ...other } = { leaf: 0, ...made };
  const verification = await verificationOf(inputs, other);
  const [first = assert.fail(), ...others] = inputs;
  const foreign = { ...first, footer: { ...first.footer, schemaKey: '0'.repeat(32) } };
  await assert.rejects(
    verifyStagedFile({ ...verification, inputs: [foreign, ...others] }),
    (error) => error instanceof VerifyError && error.code === 'schema' && error.message.includes('/data/a'),
  );
});

test('without verify_integrity the bytes, the rows and the schema are still held against the inputs', async () => {
  const verification = { ...(await verificationOf(inputs, made)), level: 'counts' as const };
  const { receipt } = await verifyStagedFile(verification);
  assert.equal(receipt.level, 'counts');
  assert.deepEqual(receipt.columns, []);
  assert.equal(receipt.sample, undefined);

  const fewer = await mergeOf(rows.slice(1));
  const lost = {
    ...(await verificationOf(inputs, { ...made, bytes: fewer, written: await asWritten(fewer) })),
    level: 'counts' as const,
  };
  await assert.rejects(
    verifyStagedFile(lost),
    (error) => error instanceof VerifyError && error.code === 'rows-staged',
  );
  await assert.rejects(
    verifyStagedFile({ ...verification, merged: { ...made.merged, rows: 1 } }),
    (error) => error instanceof VerifyError && error.code === 'rows-merged',
  );
  await assert.rejects(
    verifyStagedFile({ ...verification, ref: { ...verification.ref, sizeBytes: 1 } }),
    (error) => error instanceof VerifyError && error.code === 'length',
  );
});
