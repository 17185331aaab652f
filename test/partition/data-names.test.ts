import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notDataByName } from '../../src/partition/data-names.ts';

test('names of data files are candidates, with or without an extension', () => {
  for (const name of [
    'telemetry-20250815_191132-cf-0-writer-A-1755285092851.parquet',
    'part-00000-3f.c000.snappy.parquet',
    '000000_0',
    'a.tmp.parquet',
    'tmp',
    'x._COPYING_.parquet',
    'key=value.parquet',
    'ü_.parquet',
  ]) {
    assert.equal(notDataByName(name, 'file'), undefined, name);
  }
});

test('every other name is left alone by its own rule', () => {
  const rules: Readonly<Record<string, string>> = {
    _SUCCESS: 'success-marker',
    _metadata: 'summary-file',
    _common_metadata: 'summary-file',
    _temporary: 'hidden-name',
    _: 'hidden-name',
    '_x=1.parquet': 'hidden-name',
    '.part-0.parquet': 'hidden-name',
    '.part-0.parquet.crc': 'checksum-file',
    'part-0.parquet.crc': 'checksum-file',
    'part-0.parquet._COPYING_': 'unfinished-name',
    'part-0.parquet.tmp': 'unfinished-name',
    'part-0.inprogress.3f-4': 'unfinished-name',
    '.part-0.inprogress.3f-4': 'unfinished-name',
    '.consolidate-lock': 'own-name',
    '.consolidate-20250815T101112Z-abcdef-tail': 'own-name',
    _consolidation: 'own-name',
  };
  for (const [name, rule] of Object.entries(rules)) {
    const notData = notDataByName(name, 'file');
    assert.equal(notData?.rule, rule, name);
    assert.ok((notData?.reason.length ?? 0) > 15, name);
  }
});

test('what is no regular file is no data, whatever its name', () => {
  assert.equal(notDataByName('x.parquet', 'directory')?.rule, 'directory');
  assert.equal(notDataByName('x.parquet', 'other')?.rule, 'not-a-file');
  assert.equal(notDataByName('_temporary', 'directory')?.rule, 'hidden-name');
});
