import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readWithHyparquet } from './hyparquet-columns.ts';
import { inputOf, mergeBytes } from './merging.ts';

const corpora = process.env.CORPORA_DIR ?? '';
const hasCorpora = corpora !== '' && existsSync(join(corpora, 'classes.tsv'));
const skip = hasCorpora ? false : 'NO CORPORA: set CORPORA_DIR to a folder with classes.tsv';
if (!hasCorpora && process.env.CI === 'true') throw new Error(String(skip));

test('files of a table that Iceberg evolved come together: a column added, and columns that became nullable', {
  skip,
}, async () => {
  const directory = join(corpora, 'fastparquet/test-data/evo');
  const files = readdirSync(directory)
    .sort()
    .map((name) => new Uint8Array(readFileSync(join(directory, name))));
  const { bytes } = await mergeBytes(files, { schema: 'compatible' });
  const { footer } = await inputOf(bytes);
  assert.deepEqual(
    footer.leaves.map(({ path, element }) => [path, element.repetition, element.fieldId]),
    [
      ['name', 1, 1],
      ['age', 1, 2],
      ['email', 1, 3],
    ],
  );
  const [name, age, email] = readWithHyparquet(bytes).rowGroups[0] ?? [];
  const texts = (values: readonly string[] = []) => values.map((hex) => Buffer.from(hex, 'hex').toString());
  assert.deepEqual(texts(name?.values), ['Bob', 'John', 'Steve', 'Fiona', 'Roger', 'Alex']);
  assert.deepEqual(
    age?.values.map((hex) => Buffer.from(hex, 'hex').readInt32LE()),
    [20, 56, 36, 25, 25, 36],
  );
  assert.deepEqual([email?.definition, texts(email?.values)], [[0, 1, 0, 0, 0, 0], ['email@email.email']]);
});
