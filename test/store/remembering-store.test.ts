import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import { rememberingStore } from '../../src/store/remembering-store.ts';
import { type FileStatus, refOf, type Store } from '../../src/store/store.ts';
import { memoryHdfs } from '../support/memory-hdfs.ts';
import { put } from './store-contract.ts';

const limits = { budgetBytes: 25, wholeFileBytes: 10, tailBytes: 4 };

describe('a store that remembers what was read', () => {
  it('reads a small file whole and once, and the end of a longer one', async () => {
    const { store, reads } = await counted({ a: '0123456789', b: 'a longer one' });
    const remembering = rememberingStore(store, limits);
    for (let pass = 0; pass < 2; pass++) {
      assert.equal(await read(remembering, 'a', 2, 3), '234');
      assert.equal(await read(remembering, 'b', 8, 4), ' one');
      assert.equal(await read(remembering, 'b', 0, 3), 'a l');
    }
    assert.deepEqual(reads, ['a 0+10', 'b 8+4', 'b 0+3', 'b 0+3']);
  });

  it('keeps no more than it may, and has room again for what comes after what is forgotten', async () => {
    const { store, reads } = await counted({ a: 'aaaaaaaaaa', b: 'bbbbbbbbbb', c: 'cccccccccc' });
    const remembering = rememberingStore(store, limits);
    for (const name of ['a', 'b', 'c', 'c', 'a']) await read(remembering, name, 1, 2);
    assert.deepEqual(reads, ['a 0+10', 'b 0+10', 'c 1+2', 'c 1+2'], 'the third does not fit');
    remembering.forget(['/p/a', '/p/none']);
    for (const name of ['c', 'c', 'b', 'a']) await read(remembering, name, 1, 2);
    assert.deepEqual(reads.slice(4), ['c 0+10', 'a 1+2']);
  });

  it('remembers less from when it is told to, and keeps what it has', async () => {
    const { store, reads } = await counted({ a: 'aaaaaaaaaa', b: 'bbbbbbbbbb' });
    const spent = { bytes: 0 };
    const remembering = rememberingStore(store, { ...limits, spent });
    await read(remembering, 'a', 0, 1);
    remembering.limitTo(15);
    for (const name of ['a', 'b', 'b']) await read(remembering, name, 0, 1);
    assert.deepEqual(reads, ['a 0+10', 'b 0+1', 'b 0+1']);
    remembering.forget(['/p/a']);
    for (let time = 0; time < 2; time++) await read(remembering, 'b', 0, 1);
    assert.deepEqual(reads.slice(3), ['b 0+10']);
    remembering.forgetAll();
    assert.equal(spent.bytes, 0);
  });

  it('remembers one generation, and gives it to nobody who expects another', async () => {
    const { store, reads, setModifiedAt } = await counted({ a: 'aaaaaaaaaa' });
    const remembering = rememberingStore(store, limits);
    await read(remembering, 'a', 0, 1);
    setModifiedAt('/p/a', 5);
    await read(remembering, 'a', 0, 1);
    assert.deepEqual(reads, ['a 0+10', 'a 0+10']);
  });

  it('remembers no failure, and spends nothing on it', async () => {
    const { store } = await counted({ a: 'aaaaaaaaaa', b: 'bbbbbbbbbb' });
    let failures = 2;
    const failing: Store = {
      ...store,
      open: async (path, expected) => {
        if (failures-- > 0) {
          throw new StoreError(`cannot open ${path}`, { code: 'no-answer', op: 'open', path });
        }
        return store.open(path, expected);
      },
    };
    const remembering = rememberingStore(failing, { ...limits, budgetBytes: 10 });
    await assert.rejects(read(remembering, 'a', 0, 1), { code: 'no-answer' });
    await assert.rejects(read(remembering, 'b', 0, 1), { code: 'no-answer' });
    assert.equal(await read(remembering, 'a', 0, 1), 'a');
    assert.equal(await read(remembering, 'a', 9, 1), 'a');
    assert.equal(failures, -1, 'opened once after the two failures');
  });
});

async function counted(files: Readonly<Record<string, string>>): Promise<{
  store: Store;
  reads: string[];
  setModifiedAt: (path: string, ms: number) => void;
}> {
  const memory = memoryHdfs();
  await memory.store.makeDirectory('/p', 0o755);
  for (const [name, text] of Object.entries(files)) await put(memory.store, `/p/${name}`, text);
  const reads: string[] = [];
  const store: Store = {
    ...memory.store,
    open: async (path, expected) => {
      const source = await memory.store.open(path, expected);
      return {
        ...source,
        read: (offset, length) => {
          reads.push(`${path.slice(3)} ${offset}+${length}`);
          return source.read(offset, length);
        },
      };
    },
  };
  return { store, reads, setModifiedAt: memory.setModifiedAt };
}

async function read(store: Store, name: string, offset: number, length: number): Promise<string> {
  const status: FileStatus | undefined = await store.stat(`/p/${name}`);
  assert.ok(status !== undefined);
  const source = await store.open(status.path, refOf(status));
  const bytes = await source.read(offset, length);
  await source.close();
  return Buffer.from(bytes).toString();
}
