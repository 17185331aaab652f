import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { type ParquetFooter, readFooter } from '../../src/parquet/footer.ts';
import { footerMemory } from '../../src/partition/footer-memory.ts';
import type { FileRef } from '../../src/store/store.ts';
import { smallFiles } from '../support/hdfs-seed.ts';

const content = { rule: 'not-parquet', reason: 'for the test' };

function ref(fileId: string, changes: Partial<FileRef> = {}): FileRef {
  return { name: `${fileId}.parquet`, fileId, sizeBytes: 100, modifiedAtMs: 7, ...changes };
}

async function someFooter(): Promise<ParquetFooter> {
  const [file] = await smallFiles(1, { rowsPerFile: 3 });
  assert.ok(file !== undefined);
  return readFooter(memorySource(file.name, file.bytes));
}

describe('what is remembered of the footers of a partition', () => {
  it('is that of one generation of a file under one name', async () => {
    const footer = await someFooter();
    const memory = footerMemory();
    memory.keep(ref('1'), content, footer);
    assert.equal(memory.contentOf(ref('1')), content);
    assert.equal(memory.footerOf(ref('1')), footer);
    for (const other of [{ sizeBytes: 101 }, { modifiedAtMs: 8 }, { name: 'x' }]) {
      assert.equal(memory.contentOf(ref('1', other)), undefined, JSON.stringify(other));
      assert.equal(memory.footerOf(ref('1', other)), undefined, JSON.stringify(other));
    }
    assert.equal(memory.contentOf(ref('2')), undefined);
  });

  it('has room for so many bytes of footers, which can be given back; what they said stays', async () => {
    const footer = await someFooter();
    const memory = footerMemory(2 * footer.footerSizeBytes);
    for (const id of ['1', '2', '3']) memory.keep(ref(id), content, footer);
    const kept = (): readonly string[] => ['1', '2', '3', '4'].filter((id) => memory.footerOf(ref(id)));
    assert.deepEqual(kept(), ['1', '2']);
    memory.forgetFooters([ref('1'), ref('1'), ref('3'), ref('9')]);
    memory.keep(ref('4'), content, footer);
    memory.keep(ref('3'), content, footer);
    assert.deepEqual(kept(), ['2', '4']);
    assert.equal(memory.contentOf(ref('1')), content);
  });

  it('is replaced by what a later generation has, and its room is free', async () => {
    const footer = await someFooter();
    const memory = footerMemory(footer.footerSizeBytes);
    memory.keep(ref('1'), content, footer);
    const later = ref('1', { modifiedAtMs: 9 });
    memory.keep(later, content, footer);
    assert.equal(memory.footerOf(ref('1')), undefined);
    assert.equal(memory.footerOf(later), footer);
  });
});
