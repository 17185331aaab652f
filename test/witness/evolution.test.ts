import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { mergeBytes } from '../parquet/merging.ts';
import { runPython, skipWithoutPython, skipWithoutSpark } from '../support/python-env.ts';

const script = 'test/witness/evolution_witness.py';

test('pyarrow, DuckDB and polars read of a merged file what they make of the files by name', {
  skip: skipWithoutPython(),
}, async (t) => {
  const directory = await tempDirectory(t);
  await runPython(script, ['write', directory]);
  const together = join(directory, 'together');
  const cases = readdirSync(together);
  assert.equal(cases.length, 9);
  for (const name of cases) {
    const files = readdirSync(join(together, name))
      .sort()
      .map((file) => new Uint8Array(readFileSync(join(together, name, file))));
    const { bytes } = await mergeBytes(files, { schema: 'compatible' });
    writeFileSync(join(together, `${name}.merged.parquet`), bytes);
    const { keyValues } = await readFooter(memorySource(name, bytes));
    const hasArrow = keyValues.some(({ key }) => key === 'ARROW:schema');
    assert.equal(hasArrow, name !== 'one-without-schema', name);
  }
  const { stdout } = await runPython(script, ['judge', directory]);
  const problems: unknown = JSON.parse(stdout);
  assert.deepEqual(problems, Object.fromEntries(cases.map((name) => [name, []])));

  // One file cannot say both.
  const apart = join(directory, 'apart');
  const first = readdirSync(apart).filter((name) => !name.endsWith('.other.parquet'));
  assert.equal(first.length, 7);
  for (const name of first) {
    const pair = [name, name.replace('.parquet', '.other.parquet')];
    const files = pair.map((file) => new Uint8Array(readFileSync(join(apart, file))));
    const merging = mergeBytes(files, { schema: 'compatible' });
    await assert.rejects(merging, { code: 'metadata-differs', message: /ARROW:schema/ }, name);
  }
});

test('Spark reads a merged file of files that it wrote with other schemas, all columns of all of them', {
  skip: skipWithoutSpark(),
}, async (t) => {
  const directory = await tempDirectory(t);
  const spark = 'test/witness/evolution_spark.py';
  await runPython(spark, ['write', directory]);
  const files = ['0', '1', '2'].map(
    (name) => new Uint8Array(readFileSync(join(directory, 'in', `${name}.parquet`))),
  );
  const { bytes } = await mergeBytes(files, { schema: 'compatible' });
  writeFileSync(join(directory, 'merged.parquet'), bytes);
  const { stdout } = await runPython(spark, ['judge', directory]);
  assert.deepEqual(JSON.parse(stdout), []);
});
