import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnOrdersOf } from '../../src/parquet/fold/column-orders.ts';
import { foldTail } from '../../src/parquet/fold/fold-tail.ts';
import { trustedBounds } from '../../src/parquet/fold/trusted-bounds.ts';
import { decodeFooter, type ParquetFooter } from '../../src/parquet/footer.ts';
import { convertedType, pageType, physicalType, repetition } from '../../src/parquet/format.ts';
import { statisticsOf } from '../../src/parquet/metadata/column-chunk.ts';
import { checkSupported } from '../../src/parquet/supported-features.ts';
import { isBefore, writerVersion } from '../../src/parquet/writer-version.ts';
import { foldBytes } from './folding.ts';
import { inputOf } from './merging.ts';
import type { Field } from './model.ts';
import { ownFile } from './own-file.ts';
import { randomSource } from './random-source.ts';

const column = (name: string, type: number, more: Partial<Field> = {}): Field => ({
  name,
  type,
  repetition: repetition.REQUIRED,
  children: [],
  ...more,
});
const fields = [
  column('number', physicalType.INT64),
  column('unsigned', physicalType.INT64, { convertedType: convertedType.UINT_64 }),
  column('text', physicalType.BYTE_ARRAY, { convertedType: convertedType.UTF8 }),
  column('float', physicalType.DOUBLE),
  column('int96', physicalType.INT96),
];
const typeOrder = Uint8Array.of(0x1c, 0, 0);
const totalOrder = Uint8Array.of(0x2c, 0, 0);

async function footerOf(changes: Partial<ParquetFooter> = {}): Promise<ParquetFooter> {
  const rows = [[8, 8, 2, 8, 12].map((width) => new Uint8Array(width).fill(65))];
  const { bytes } = await ownFile(fields, [rows], randomSource(1));
  return { ...(await inputOf(bytes)).footer, ...changes };
}

/** The list of column orders as thrift bytes. */
function ordersOf(orders: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of((orders.length << 4) | 12), ...orders]);
}

/** `C` where the current bounds stay, `d` where the deprecated ones do, column by column. */
function trusted(footer: ParquetFooter, orders = columnOrdersOf(footer)): string {
  return trustedBounds(footer, orders)
    .map(({ current, deprecated }) => (current ? 'C' : '-') + (deprecated ? 'd' : '-'))
    .join(' ');
}

test('bounds of a stated order stay; deprecated ones only where every order is the signed one', async () => {
  assert.equal(trusted(await footerOf()), 'Cd C- C- Cd --');
  assert.equal(
    trusted(await footerOf({ createdBy: 'parquet-mr version 1.10.1 (build a89d)' })),
    'Cd C- C- Cd --',
  );
  assert.equal(trusted(await footerOf({ createdBy: 'parquet-cpp-arrow version 0.9.0' })), 'Cd C- C- Cd --');
});

test('bounds of text and unsigned numbers go where their writer is known to have had them wrong', async () => {
  for (const createdBy of [
    'parquet-mr version 1.9.0 (build 3826)',
    'parquet-mr version 1.8.1-drill-r0',
    'parquet-mr',
    'parquet-mr (build 4170)',
    'parquet-cpp version 1.2.9-SNAPSHOT',
  ]) {
    assert.equal(trusted(await footerOf({ createdBy })), 'Cd -- -- Cd --', createdBy);
  }
});

test('bounds go where the file states no order, or another than the folded file', async () => {
  const orders = [typeOrder, typeOrder, typeOrder, totalOrder, typeOrder];
  const stated = await footerOf({ columnOrderBytes: ordersOf(orders) });
  const { columnOrderBytes: _, ...without } = await footerOf();
  assert.equal(trusted(stated), 'Cd C- C- Cd --');
  assert.equal(trusted(await footerOf(), columnOrdersOf(stated)), 'Cd C- C- -d --');
  assert.equal(trusted(without, columnOrdersOf(stated)), '-d -- -- -d --');
  assert.equal(trusted(without), '-d -- -- -d --');
});

test('a list of orders that has not one for every column counts as none', async () => {
  for (const bytes of [ordersOf([typeOrder]), Uint8Array.of(0x58, 1, 1, 1, 1, 1), new Uint8Array(0)]) {
    assert.equal(columnOrdersOf(await footerOf({ columnOrderBytes: bytes })), undefined);
  }
});

test('the folded file states the orders of the first piece that states any', async () => {
  const { columnOrderBytes: _, ...without } = await footerOf();
  const orders = [typeOrder, typeOrder, typeOrder, totalOrder, typeOrder];
  const stated = await footerOf({ columnOrderBytes: ordersOf(orders) });
  const folded = (...footers: readonly ParquetFooter[]): ParquetFooter => {
    const pieces = footers.map((footer, i) => ({ footer, offsetBytes: i * 1000 }));
    const tail = foldTail({ pieces, keyValues: [], createdBy: 'somebody', padBytes: 0 });
    return decodeFooter(tail.subarray(0, -8), 'folded', 2 ** 30);
  };
  const boundsOf = (footer: ParquetFooter): readonly (readonly boolean[])[] =>
    footer.rowGroups.map(({ chunks }) => chunks.map((chunk) => statisticsOf(chunk)?.min !== undefined));
  const mixed = folded(without, stated, await footerOf());
  assert.equal(Buffer.compare(mixed.columnOrderBytes ?? new Uint8Array(0), ordersOf(orders)), 0);
  assert.deepEqual(boundsOf(mixed), [
    [false, false, false, false, false],
    [true, true, true, true, false],
    [true, true, true, false, false],
  ]);
  assert.equal(folded(without, without).columnOrderBytes, undefined);
  const versions = folded({ ...stated, version: 2 }, stated);
  assert.equal(versions.version, 2);
});

test('versions of writers are told as readers tell them', () => {
  assert.deepEqual(writerVersion('parquet-mr version 1.8.1 (build 4aba)', 'parquet-mr'), [1, 8, 1]);
  assert.deepEqual(writerVersion('parquet-mr', 'parquet-mr'), []);
  assert.equal(writerVersion('parquet-cpp-arrow version 26.0.1', 'parquet-cpp'), undefined);
  assert.equal(writerVersion(undefined, 'parquet-mr'), undefined);
  assert.ok(isBefore([1, 9, 1], [1, 10, 0]));
  assert.ok(isBefore([], [1, 2, 9]));
  assert.ok(!isBefore([1, 10], [1, 10, 0]));
  assert.ok(!isBefore([2], [1, 10, 0]));
});

test('files whose chunks are longer than they state are refused; those of a writer without a version are not', async () => {
  const old = await footerOf({ createdBy: 'parquet-mr version 1.2.8' });
  assert.throws(() => checkSupported(old), /parquet-mr before 1\.2\.9/);
  for (const createdBy of ['parquet-mr version 1.2.9', 'parquet-mr', 'impala version 1.2-INTERNAL']) {
    checkSupported(await footerOf({ createdBy }));
  }
});

test('what readers put right by the name of the writer is not folded under another name', async () => {
  const plain: readonly Field[] = [{ name: 'v', repetition: 0, type: 0, children: [] }];
  const own = await ownFile(plain, [[[Uint8Array.of(1)]]], randomSource(1));
  const written = (createdBy: string, pageKind: number): Uint8Array => {
    const bytes = Buffer.from(own.bytes);
    const name = 'parquet-consolidator version 0.0.0-test';
    bytes.write(createdBy.padEnd(name.length), bytes.indexOf(name), 'latin1');
    // PageEncodingStats: data pages of version 1, PLAIN, one of them.
    bytes[bytes.indexOf(Buffer.from([0x15, 0, 0x15, 0, 0x15, 2, 0])) + 1] = pageKind * 2;
    return new Uint8Array(bytes);
  };
  const { DATA_PAGE, DATA_PAGE_V2 } = pageType;
  for (const [createdBy, pageKind, problem] of [
    ['parquet-cpp version 1.5.1-SNAPSHOT', DATA_PAGE, undefined],
    ['parquet-cpp-arrow version 3.0.0', DATA_PAGE_V2, undefined],
    [
      'parquet-cpp version 1.5.1-SNAPSHOT',
      DATA_PAGE_V2,
      /column v.*version 2 pages of parquet-cpp before 2\.0/,
    ],
    ['parquet-mr version 1.2.8', DATA_PAGE, /column v.*chunks that are longer than they state/],
  ] as const) {
    const folding = foldBytes([own.bytes, written(createdBy, pageKind)]);
    if (problem === undefined) await folding;
    else await assert.rejects(folding, problem);
  }
});
