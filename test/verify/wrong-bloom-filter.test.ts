import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VerifyError } from '../../src/core/errors.ts';
import { loadHyparquetRows } from '../../src/verify/hyparquet.ts';
import { verifyStagedFile } from '../../src/verify/verify-staged-file.ts';
import { asWritten, madeFile, madeMerge, madeRows, verificationOf } from '../support/made-files.ts';

const rows = madeRows(0, 30_000);
const inputs = [await madeFile('/data/a', rows.slice(0, 300)), await madeFile('/data/b', rows.slice(300))];
const made = await madeMerge(inputs, 50_000, {
  bloomFilterColumns: ['id', 'weather', 'device.maker', 'lat'],
});

test('a Bloom filter that knows every value is accepted', async () => {
  await verifyStagedFile(await verificationOf(inputs, made));
});

test('a Bloom filter that lost a value is refused', async () => {
  const { parquetMetadata } = await loadHyparquetRows();
  for (const path of ['id', 'weather', 'device.maker', 'lat']) {
    const bytes = made.bytes.slice();
    const [rowGroup] = parquetMetadata(bytes.buffer).row_groups;
    const facts = rowGroup?.columns.find(
      ({ meta_data }) => meta_data?.path_in_schema.join('.') === path,
    )?.meta_data;
    assert.ok(facts?.bloom_filter_offset && facts.bloom_filter_length);
    // All bits of all values but those in the header.
    const end = Number(facts.bloom_filter_offset) + facts.bloom_filter_length;
    bytes.fill(0, end - 32, end);
    if (path === 'weather' || path === 'device.maker') assert.ok(facts.bloom_filter_length < 100, path);
    const verification = await verificationOf(inputs, { ...made, bytes, written: await asWritten(bytes) });
    await assert.rejects(verifyStagedFile(verification), (error) => {
      assert.ok(error instanceof VerifyError, String(error));
      assert.equal(error.code, 'bloom-filter');
      assert.ok(error.message.includes(`row group 0, column ${path}`), error.message);
      return true;
    });
  }
});
