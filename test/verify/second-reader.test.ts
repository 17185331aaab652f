import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteSource, memorySource } from '../../src/core/byte-source.ts';
import { StoreError, VerifyError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { compareSample } from '../../src/verify/compare-sample.ts';
import { hyparquetReader } from '../../src/verify/hyparquet-reader.ts';
import { parquetjsReader } from '../../src/verify/parquetjs-reader.ts';
import { readSample } from '../../src/verify/read-sample.ts';
import { describeReading, sameReading } from '../../src/verify/same-reading.ts';
import { columnKey, type SecondReader } from '../../src/verify/second-reader.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { foreignFile } from '../parquet/foreign-file.ts';
import { randomFields, randomRows } from '../parquet/model.ts';
import { randomSource } from '../parquet/random-source.ts';
import { madeFile, madeMerge, madeRows, verificationOf, writtenFile } from '../support/made-files.ts';

const rows = madeRows(0, 120);
const inputs = [await madeFile('/data/a', rows.slice(0, 50)), await madeFile('/data/b', rows.slice(50))];
const made = await madeMerge(inputs);
const staged = memorySource('/data/staged', made.bytes);
const hyparquet = hyparquetReader({ maxNestedEntries: 50_000 });
const parquetjs = parquetjsReader({ maxNestedEntries: 50_000, maxPageValues: 50_000 });

for (const reader of [hyparquet, parquetjs]) {
  test(`${reader.name} gives stored values and levels, uncut and unconverted`, async () => {
    const file = await reader.open(inputs[0]?.source ?? assert.fail());
    assert.equal(file.rows, 50);
    const readings = await file.read({ firstRow: 2, rows: 4 });
    const of = (...names: string[]) => readings.get(columnKey(names));
    assert.deepEqual(of('id'), { rows: [2n, 3n, 4n, 5n].map((n) => n * 1_000_000_007n) });
    assert.deepEqual(of('at'), { rows: [2n, 3n, 4n, 5n].map((n) => 1_755_285_092_851n + n * 1000n) });
    assert.deepEqual(of('lat'), { rows: rows.slice(2, 6).map((row) => row.lat) });
    assert.deepEqual(of('speed'), { rows: [rows[2]?.speed, null, rows[4]?.speed, rows[5]?.speed] });
    assert.deepEqual(of('braking'), { rows: [false, false, false, true] });
    const bytes = (text: string) => new Uint8Array(Buffer.from(text));
    const tags = readings.get(columnKey(['tags']));
    assert.ok(tags && 'rows' in tags);
    assert.ok(
      sameReading(tags.rows[0], [
        [0, 1, bytes('t2')],
        [1, 1, bytes('t3')],
      ]),
    );
    assert.ok(sameReading(tags.rows[2], [[0, 0, null]]));
    const year = of('device', 'year');
    assert.deepEqual(year, { rows: [[[0, 0, null]], [[0, 2, 2003]], [[0, 1, null]], [[0, 2, 2005]]] });
  });

  test(`${reader.name} reads the same rows alone, in pieces and across row groups`, async () => {
    const bytes = (await madeMerge(inputs, 33)).bytes;
    const file = await reader.open(memorySource('x', bytes));
    const whole = await file.read({ firstRow: 0, rows: 120 });
    for (const [firstRow, count] of [
      [0, 1],
      [32, 2],
      [40, 80],
      [119, 1],
    ] as const) {
      const part = await file.read({ firstRow, rows: count });
      assert.equal(part.size, 10);
      for (const [key, reading] of part) {
        const all = whole.get(key);
        assert.ok(all && 'rows' in all && 'rows' in reading, key);
        assert.ok(
          sameReading(reading.rows, all.rows.slice(firstRow, firstRow + count)),
          `${key} ${firstRow}`,
        );
      }
    }
    assert.equal((await file.read({ firstRow: 0, rows: 5 }, new Set([columnKey(['lat'])]))).size, 1);
  });

  test(`${reader.name}: an error of the store is the store's, not a reason to pass`, async () => {
    const cause = new StoreError('read /data/a: gone', { code: 'io', op: 'read', path: '/data/a' });
    const broken: ByteSource = { ...staged, sizeBytes: 2_000_000, read: () => Promise.reject(cause) };
    await assert.rejects(reader.open(broken), (error) => error === cause);
  });
}

// Source and output share our decoder, so a bug of it is invisible to the digests. Such a bug is played by
// inputs that the engine takes for something else than what they are.
test('what our decoder reads wrong on both sides, the second reader sees', async () => {
  for (const change of [
    { lat: 33.5 },
    { id: 1n },
    { braking: true },
    { weather: 'hail' },
    { tags: ['t0', 't0'] },
    { speed: 3.25 },
  ]) {
    const misread = [
      await madeFile('/data/a', rows.slice(0, 50).with(9, { ...(rows[9] ?? assert.fail()), ...change })),
      inputs[1] ?? assert.fail(),
    ];
    const wrong = await madeMerge(misread);
    const verification = await verificationOf(inputs, wrong);
    await assert.rejects(verifyStagedFile(verification), (error) => {
      assert.ok(error instanceof VerifyError);
      assert.equal(error.code, 'second-reader-differs');
      assert.match(error.message, /row \d+, as hyparquet reads it in \/data\/a/);
      return true;
    });
  }
});

test('a staged file that no second reader understands is refused', async () => {
  const refusing: SecondReader = {
    name: 'picky',
    open: (source) => (source === staged ? Promise.reject(new Error('no')) : hyparquet.open(source)),
  };
  const sites = [
    { staged: { firstRow: 0, rows: 5 }, parts: [{ inputIndex: 0, range: { firstRow: 0, rows: 5 } }] },
  ];
  const sources = inputs.map((input) => input.source);
  await assert.rejects(
    compareSample({ reader: refusing, sites, inputs: sources, staged }),
    (error) => error instanceof VerifyError && error.code === 'second-reader-refuses',
  );
});

test('an input that a second reader does not understand proves nothing, and that is said', async () => {
  const [first, second] = inputs;
  assert.ok(first && second);
  const scrambled: ByteSource = memorySource('/data/a', Buffer.alloc(first.source.sizeBytes, 7));
  const footer = await readFooter(staged);
  const sample = await readSample(
    { source: staged, footer },
    [
      { source: scrambled, footer: first.footer },
      { source: memorySource('/data/b', Buffer.alloc(100)), footer: second.footer },
    ],
    'seed',
    silentLogger,
  );
  assert.equal(sample.columns, 0);
  assert.equal(sample.notRead.length, 10);
  assert.match(sample.notRead.toSorted()[0] ?? '', /^at: \/data\/[ab]: /);
});

test('a reader that misreads an input, which the arbiter shows, has no say', async () => {
  const wrongAboutInputs: SecondReader = {
    name: 'sloppy',
    open: async (source) => {
      const file = await hyparquet.open(source);
      if (source === staged) return file;
      return { ...file, read: async () => new Map([[columnKey(['lat']), { rows: [1, 2, 3, 4, 5] }]]) };
    },
  };
  const sites = [
    { staged: { firstRow: 0, rows: 5 }, parts: [{ inputIndex: 0, range: { firstRow: 0, rows: 5 } }] },
  ];
  const comparison = { reader: wrongAboutInputs, sites, inputs: inputs.map((input) => input.source), staged };
  await assert.rejects(compareSample(comparison), VerifyError);
  const sample = await compareSample({ ...comparison, arbiter: hyparquet });
  assert.deepEqual([...sample.columns], []);
  assert.match(sample.notRead.get(columnKey(['lat'])) ?? '', /otherwise than hyparquet/);
});

test('nested rows that lie too deep are left out, flat ones are not', async () => {
  const shallow = hyparquetReader({ maxNestedEntries: 20 });
  const readings = await (await shallow.open(staged)).read({ firstRow: 60, rows: 10 });
  assert.ok('rows' in (readings.get(columnKey(['lat'])) ?? {}));
  assert.ok('limit' in (readings.get(columnKey(['tags'])) ?? {}));
  const small = parquetjsReader({ maxNestedEntries: 20, maxPageValues: 20 });
  const limited = await (await small.open(staged)).read({ firstRow: 60, rows: 10 });
  assert.ok([...limited.values()].every((reading) => 'limit' in reading));
});

test('readings are the same only bit for bit, as far as JavaScript shows bits', () => {
  assert.ok(sameReading([1, null, [2n]], [1, null, [2n]]));
  assert.ok(sameReading(Number.NaN, Number.NaN));
  assert.ok(sameReading(Buffer.of(1, 2), new Uint8Array([1, 2])));
  for (const [a, b] of [
    [0, -0],
    [1, 1n],
    [null, undefined],
    [[1], [1, 1]],
    ['1', 1],
    [Buffer.of(1), Buffer.of(2)],
    [[[]], []],
  ]) {
    assert.ok(!sameReading(a, b), `${describeReading(a)} and ${describeReading(b)}`);
  }
  assert.equal(describeReading([-0, Buffer.from('ab'), null]), '[-0, 2 bytes 6162, null]');
  assert.ok(describeReading(Buffer.alloc(1000)).length <= 60);
});

test('of a very wide file a hundred columns are drawn, and the rest is counted', async () => {
  const wide = Object.fromEntries(
    Array.from({ length: 150 }, (_, i) => [`c${i}`, { type: 'INT32' as const }]),
  );
  const values = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`c${i}`, i]));
  const input = await writtenFile('/data/wide', wide, [values, values]);
  const output = await madeMerge([input]);
  const source = memorySource('/data/staged', output.bytes);
  const sample = await readSample(
    { source, footer: await readFooter(source) },
    [input],
    'seed',
    silentLogger,
  );
  assert.equal(sample.columns, 100);
  assert.deepEqual(sample.notRead, ['50 more columns: not drawn for this sample']);
});

test('a file without rows has nothing to sample, which is said', async () => {
  const empty = await madeFile('/data/empty', []);
  const output = await madeMerge([empty]);
  const { receipt } = await verifyStagedFile(await verificationOf([empty], output));
  assert.equal(receipt.sample?.rows, 0);
  assert.equal(receipt.sample?.notRead.length, 10);
});

test('@dsnp/parquetjs does not write on standard output when it fails', async (t) => {
  const printed: unknown[] = [];
  t.mock.method(console, 'log', (...args: unknown[]) => printed.push(args));
  const [input] = inputs;
  assert.ok(input);
  const bytes = new Uint8Array(await input.source.read(0, input.source.sizeBytes));
  const chunk = input.footer.rowGroups[0]?.chunks[0] ?? assert.fail();
  // The number of values in the header of the only page: 63 (zigzag) instead of 50, more than there are.
  assert.equal(bytes[chunk.startOffsetBytes + 10], 2 * 50);
  bytes[chunk.startOffsetBytes + 10] = 2 * 63;
  const file = await parquetjs.open(memorySource('x', bytes));
  const reading = (await file.read({ firstRow: 0, rows: 50 })).get(columnKey(['id']));
  assert.ok(reading && 'failed' in reading);
  assert.deepEqual(printed, []);
});

// Taken for run lengths they would be runs of any length, and an array that grows beyond what V8 bears ends the process.
test("levels in the deprecated BIT_PACKED encoding are no second reader's", async () => {
  let limited = 0;
  for (let seed = 0; seed < 60; seed++) {
    const random = randomSource(seed);
    const fields = [{ name: 'v', repetition: 1, type: 1, children: [] }];
    const rows = randomRows(random, fields, 30);
    const source = memorySource('x', foreignFile(fields, [rows], seed, { pageVersion: 1 }).bytes);
    for (const reader of [hyparquet, parquetjs]) {
      try {
        const file = await reader.open(source);
        const reading = (await file.read({ firstRow: 0, rows: 30 })).get(columnKey(['v']));
        if (reading !== undefined && 'limit' in reading) limited++;
      } catch (error) {
        // It does not read every footer that such old files may have.
        assert.ok(error instanceof RangeError, String(error));
      }
    }
  }
  assert.ok(limited > 10);
});

test('both second readers read the same of files of any types, levels, pages and codecs', async () => {
  const compared = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomSource(seed);
      const fields = randomFields(random, 3);
      const rowGroups = [0, 1].map(() => randomRows(random, fields, 1 + random.below(40)));
      const source = memorySource(
        'x',
        foreignFile(fields, rowGroups, random.word(), { isModern: true }).bytes,
      );
      const [one, other] = [await hyparquet.open(source), await parquetjs.open(source)];
      assert.equal(one.rows, other.rows);
      const firstRow = random.below(one.rows);
      const range = { firstRow, rows: 1 + random.below(one.rows - firstRow) };
      const expected = await one.read(range);
      for (const [key, reading] of await other.read(range)) {
        const { type } =
          (await readFooter(source)).leaves.find((leaf) => columnKey(leaf.pathNames) === key) ?? {};
        if ('limit' in reading) continue;
        assert.ok('rows' in reading, `${key}: ${'failed' in reading ? reading.failed : ''}`);
        const rows = expected.get(key);
        // One in a thousand columns hyparquet cannot read.
        if (rows === undefined || !('rows' in rows)) continue;
        assert.ok(sameReading(reading.rows, rows.rows), key);
        compared.add(`type ${type}`);
      }
    }),
    { numRuns: 150 },
  );
  // All but INT96.
  assert.equal(compared.size, 7);
});
