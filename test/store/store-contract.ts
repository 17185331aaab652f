import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import { type FileRef, refOf, type Store } from '../../src/store/store.ts';

/** A store under test, with an empty directory of its own. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Exists and is empty. */
  readonly directory: string;
  /** Appends to a file behind the store's back. */
  append(path: string, text: string): Promise<void>;
  dispose(): Promise<void>;
}

/** What every store must do. `make` is called anew for each test. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  const test = (title: string, work: (under: StoreUnderTest) => Promise<void>): void => {
    it(title, async () => {
      const under = await make();
      try {
        await work(under);
      } finally {
        await under.dispose();
      }
    });
  };

  describe(`store contract: ${name}`, () => {
    test('a file that was written reads back, whole and in ranges', async ({ store, directory }) => {
      const path = `${directory}/a`;
      await put(store, path, 'hello, ', 'world');
      const status = await store.stat(path);
      assert.ok(status !== undefined);
      assert.deepEqual(
        [status.path, status.name, status.kind, status.sizeBytes, status.acl],
        [path, 'a', 'file', 12, []],
      );
      const source = await store.open(path, refOf(status));
      assert.equal(source.sizeBytes, 12);
      assert.equal(text(await source.read(0, 12)), 'hello, world');
      assert.equal(text(await source.read(7, 5)), 'world');
      assert.equal(text(await source.read(12, 0)), '');
      await assert.rejects(source.read(7, 6), RangeError);
      await assert.rejects(source.read(-1, 2), RangeError);
      await source.close();
      await assert.rejects(source.read(0, 1), RangeError);
    });

    test('bytes that were read are never written again', async ({ store, directory }) => {
      const path = `${directory}/a`;
      await put(store, path, 'abcd');
      const source = await store.open(path, await refAt(store, path));
      const first = await source.read(0, 2);
      await source.read(2, 2);
      assert.equal(text(first), 'ab');
      await source.close();
    });

    test('a file may be empty', async ({ store, directory }) => {
      await put(store, `${directory}/empty`);
      assert.equal((await store.stat(`${directory}/empty`))?.sizeBytes, 0);
    });

    test('create refuses a name that is taken and leaves the file as it is', async ({ store, directory }) => {
      const path = `${directory}/a`;
      await put(store, path, 'first');
      await refuses('exists', put(store, path, 'second'));
      assert.equal(await get(store, path), 'first');
    });

    test('create below nothing is not-found', async ({ store, directory }) => {
      await refuses('not-found', put(store, `${directory}/no/a`, 'x'));
    });

    test('an aborted sink never throws, and its name can be had again', async ({ store, directory }) => {
      const path = `${directory}/a`;
      const sink = await store.create(path);
      await sink.write(Buffer.from('half'));
      await sink.abort();
      await sink.abort();
      await store.deleteFile(path);
      await put(store, path, 'whole');
      assert.equal(await get(store, path), 'whole');
    });

    test('open or the first read refuses another generation than the one expected', async ({
      store,
      directory,
      append,
    }) => {
      const path = `${directory}/a`;
      await put(store, path, 'one');
      const ref = await refAt(store, path);
      await append(path, 'two');
      await refuses('changed', readFirst(store, path, ref));
      await refuses('changed', readFirst(store, path, { ...(await refAt(store, path)), fileId: 'other' }));
      const gone = await refAt(store, path);
      await store.deleteFile(path);
      await refuses('not-found', readFirst(store, path, gone));
      await put(store, path, 'onetwo');
      await refuses('changed', readFirst(store, path, gone));
    });

    test('a read rejects once the file has grown', async ({ store, directory, append }) => {
      const path = `${directory}/a`;
      await put(store, path, 'one');
      const source = await store.open(path, await refAt(store, path));
      await source.read(0, 3);
      await append(path, 'two');
      await refuses('changed', source.read(0, 3));
      await source.close();
    });

    test('list gives every entry once, in byte order of names', async ({ store, directory }) => {
      // U+FF5E sorts before U+1F600 by bytes and after it by UTF-16 code units.
      const names = ['b', 'a', 'B', '_x', '.h', 'é', '～', '😀', 'a.parquet', 'with space', 'pct%41'];
      for (const name of names) await put(store, `${directory}/${name}`, name);
      await store.makeDirectory(`${directory}/sub`, 0o755);
      const entries = (await store.list(directory)) ?? [];
      const expected = [...names, 'sub'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      assert.deepEqual(
        entries.map((entry) => entry.name),
        expected,
      );
      for (const entry of entries) {
        assert.equal(entry.path, `${directory}/${entry.name}`);
        assert.deepEqual(await store.stat(entry.path), entry);
      }
      assert.equal(entries.find((entry) => entry.name === 'sub')?.kind, 'directory');
    });

    test('what is absent is undefined to stat and list', async ({ store, directory }) => {
      assert.equal(await store.stat(`${directory}/no`), undefined);
      assert.equal(await store.list(`${directory}/no`), undefined);
      assert.equal(await store.stat(`${directory}/no/deeper`), undefined);
      await put(store, `${directory}/file`, 'x');
      assert.equal(await store.stat(`${directory}/file/below`), undefined);
      assert.equal(await store.deleteFile(`${directory}/file/below`), false);
    });

    test('makeDirectory makes parents, sets the mode of what it makes, and does not mind one that exists', async ({
      store,
      directory,
    }) => {
      await store.makeDirectory(`${directory}/a/b`, 0o700);
      assert.equal((await store.stat(`${directory}/a`))?.mode, 0o700);
      assert.equal((await store.stat(`${directory}/a/b`))?.mode, 0o700);
      await store.makeDirectory(`${directory}/a/b`, 0o777);
      assert.equal((await store.stat(`${directory}/a/b`))?.mode, 0o700);
      await put(store, `${directory}/file`, 'x');
      await assert.rejects(store.makeDirectory(`${directory}/file`, 0o700), StoreError);
      await assert.rejects(store.makeDirectory(`${directory}/file/below`, 0o700), StoreError);
    });

    test('rename keeps the file and its identity', async ({ store, directory }) => {
      await put(store, `${directory}/a`, 'x');
      const before = await store.stat(`${directory}/a`);
      await store.makeDirectory(`${directory}/sub`, 0o755);
      await store.rename(`${directory}/a`, `${directory}/sub/b`);
      assert.equal(await store.stat(`${directory}/a`), undefined);
      const after = await store.stat(`${directory}/sub/b`);
      assert.deepEqual([after?.fileId, after?.modifiedAtMs], [before?.fileId, before?.modifiedAtMs]);
      assert.equal(await get(store, `${directory}/sub/b`), 'x');
    });

    test('rename of a file never overwrites', async ({ store, directory }) => {
      await put(store, `${directory}/a`, 'a');
      await put(store, `${directory}/b`, 'b');
      await store.makeDirectory(`${directory}/empty`, 0o755);
      await refuses('exists', store.rename(`${directory}/a`, `${directory}/b`));
      await refuses('exists', store.rename(`${directory}/a`, `${directory}/empty`));
      await refuses('exists', store.rename(`${directory}/a`, `${directory}/a`));
      assert.deepEqual([await get(store, `${directory}/a`), await get(store, `${directory}/b`)], ['a', 'b']);
    });

    test('rename of a directory never overwrites and never moves into one', async ({ store, directory }) => {
      await store.makeDirectory(`${directory}/from`, 0o750);
      await put(store, `${directory}/from/x`, 'x');
      await store.makeDirectory(`${directory}/full`, 0o755);
      await put(store, `${directory}/full/y`, 'y');
      await store.makeDirectory(`${directory}/empty`, 0o755);
      await put(store, `${directory}/file`, 'f');
      for (const to of ['full', 'empty', 'file']) {
        await refuses('exists', store.rename(`${directory}/from`, `${directory}/${to}`));
      }
      const id = (await store.stat(`${directory}/from`))?.fileId;
      await store.rename(`${directory}/from`, `${directory}/to`);
      const moved = await store.stat(`${directory}/to`);
      assert.deepEqual([moved?.fileId, moved?.mode], [id, 0o750]);
      assert.equal(await get(store, `${directory}/to/x`), 'x');
    });

    test('rename of nothing is not-found, and so is a destination below nothing', async ({
      store,
      directory,
    }) => {
      await refuses('not-found', store.rename(`${directory}/no`, `${directory}/b`));
      await put(store, `${directory}/a`, 'a');
      await refuses('not-found', store.rename(`${directory}/a`, `${directory}/no/a`));
      await store.makeDirectory(`${directory}/d`, 0o755);
      await refuses('not-found', store.rename(`${directory}/d`, `${directory}/no/d`));
      assert.equal(await get(store, `${directory}/a`), 'a');
    });

    test('a hard link is the same file under a second name', async ({ store, directory }) => {
      if (!store.abilities.hardLink) {
        await put(store, `${directory}/a`, 'a');
        await assert.rejects(store.hardLink(`${directory}/a`, `${directory}/b`), StoreError);
        return;
      }
      await put(store, `${directory}/a`, 'a');
      await put(store, `${directory}/taken`, 't');
      await store.hardLink(`${directory}/a`, `${directory}/b`);
      assert.equal(
        (await store.stat(`${directory}/a`))?.fileId,
        (await store.stat(`${directory}/b`))?.fileId,
      );
      await refuses('exists', store.hardLink(`${directory}/a`, `${directory}/taken`));
      await refuses('not-found', store.hardLink(`${directory}/no`, `${directory}/c`));
      await store.deleteFile(`${directory}/a`);
      assert.equal(await get(store, `${directory}/b`), 'a');
    });

    test('a new file is never taken for one that was deleted', async ({ store, directory }) => {
      const seen = new Set<string>();
      for (let i = 0; i < 20; i++) {
        await put(store, `${directory}/a`, 'same');
        const id = (await store.stat(`${directory}/a`))?.fileId;
        assert.ok(id !== undefined && !seen.has(id), `${id} was used before`);
        seen.add(id);
        assert.equal(await store.deleteFile(`${directory}/a`), true);
      }
    });

    test('deletes say whether there was anything', async ({ store, directory }) => {
      assert.equal(await store.deleteFile(`${directory}/no`), false);
      assert.equal(await store.deleteDirectory(`${directory}/no`), false);
      assert.equal(await store.removeEmptyDirectory(`${directory}/no`), false);
      await store.makeDirectory(`${directory}/d/e`, 0o755);
      await put(store, `${directory}/d/e/f`, 'x');
      assert.equal(await store.removeEmptyDirectory(`${directory}/d`), false);
      assert.equal(await get(store, `${directory}/d/e/f`), 'x');
      await assert.rejects(store.deleteFile(`${directory}/d`), StoreError);
      await assert.rejects(store.deleteDirectory(`${directory}/d/e/f`), StoreError);
      assert.equal(await store.deleteDirectory(`${directory}/d`), true);
      assert.equal(await store.stat(`${directory}/d`), undefined);
      await store.makeDirectory(`${directory}/d`, 0o755);
      assert.equal(await store.removeEmptyDirectory(`${directory}/d`), true);
    });

    test('attributes that are set are found', async ({ store, directory }) => {
      await put(store, `${directory}/a`, 'x');
      const found = await store.stat(`${directory}/a`);
      assert.ok(found !== undefined);
      await store.setAttributes(`${directory}/a`, { ...found, mode: 0o604 });
      assert.equal((await store.stat(`${directory}/a`))?.mode, 0o604);
      assert.equal((await store.stat(`${directory}/a`))?.modifiedAtMs, found.modifiedAtMs);
      await store.setAttributes(directory, { ...(await statusAt(store, directory)), mode: 0o711 });
      assert.equal((await statusAt(store, directory)).mode, 0o711);
      await assert.rejects(
        store.setAttributes(`${directory}/a`, { ...found, group: 'no-such-group-here' }),
        StoreError,
      );
      await refuses('not-found', store.setAttributes(`${directory}/no`, found));
    });

    test('touch sets the time to the store’s now', async ({ store, directory }) => {
      await put(store, `${directory}/a`, 'x');
      const before = await store.nowMs();
      await new Promise((resolve) => setTimeout(resolve, 5));
      await store.touch(`${directory}/a`);
      const after = await statusAt(store, `${directory}/a`);
      assert.ok(after.modifiedAtMs > before - 1000 && after.modifiedAtMs <= (await store.nowMs()) + 1000);
      await refuses('not-found', store.touch(`${directory}/no`));
    });

    test('many mutations at a time all take place', async ({ store, directory }) => {
      const names = Array.from({ length: 50 }, (_, index) => `f${String(index).padStart(2, '0')}`);
      await Promise.all(names.map((name) => put(store, `${directory}/${name}`, name)));
      await store.makeDirectory(`${directory}/to`, 0o755);
      await Promise.all(names.map((name) => store.rename(`${directory}/${name}`, `${directory}/to/${name}`)));
      const moved = (await store.list(`${directory}/to`)) ?? [];
      assert.deepEqual(
        moved.map((entry) => entry.name),
        names,
      );
    });

    test('of several renames to one name exactly one wins', async ({ store, directory }) => {
      const names = Array.from({ length: 10 }, (_, index) => `f${index}`);
      for (const name of names) await put(store, `${directory}/${name}`, name);
      const results = await Promise.allSettled(
        names.map((name) => store.rename(`${directory}/${name}`, `${directory}/one`)),
      );
      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
      assert.equal((await store.list(directory))?.length, names.length);
    });

    test('names with every odd character go there and back', async ({ store, directory }) => {
      const names = [
        'a b',
        '%',
        '100%25',
        'a+b',
        'é',
        '#1',
        'what?',
        'a&b=c',
        'a;b',
        "it's",
        '"q"',
        'a,b',
        '[x]',
      ];
      for (const name of [...names, 'back\\slash', '~', '$(x)', '日本', '*']) {
        const path = `${directory}/${name}`;
        await put(store, path, name);
        assert.equal((await store.stat(path))?.path, path);
        assert.equal(await get(store, path), name);
        await refuses('exists', put(store, path, 'again'));
        await store.makeDirectory(`${directory}/d ${name}`, 0o755);
        await store.rename(path, `${directory}/d ${name}/${name}`);
        assert.deepEqual(
          (await store.list(`${directory}/d ${name}`))?.map((entry) => entry.path),
          [`${directory}/d ${name}/${name}`],
        );
        assert.equal(await get(store, `${directory}/d ${name}/${name}`), name);
        await store.touch(`${directory}/d ${name}/${name}`);
        assert.equal(await store.deleteFile(`${directory}/d ${name}/${name}`), true);
        assert.equal(await store.removeEmptyDirectory(`${directory}/d ${name}`), true);
      }
      assert.deepEqual(await store.list(directory), []);
    });

    test('concat appends the sources in their order and removes them', async ({ store, directory }) => {
      const path = (name: string): string => `${directory}/${name}`;
      await put(store, path('t'), 'target ');
      await put(store, path('b'), 'b ');
      await put(store, path('a#%+é'), 'a ');
      await put(store, path('c'), 'c');
      if (!store.abilities.fold) {
        await assert.rejects(store.concat(path('t'), [path('b')]), StoreError);
        assert.equal((await store.list(directory))?.length, 4);
        return;
      }
      const before = await statusAt(store, path('t'));
      const source = await store.open(path('t'), refOf(before));
      await store.concat(path('t'), [path('b'), path('a#%+é'), path('c')]);
      const after = await statusAt(store, path('t'));
      assert.deepEqual([after.fileId, after.sizeBytes], [before.fileId, 12]);
      assert.equal(await get(store, path('t')), 'target b a c');
      assert.deepEqual(
        (await store.list(directory))?.map((entry) => entry.name),
        ['t'],
      );
      await refuses('changed', source.read(0, before.sizeBytes));
    });

    test('a concat that is refused changes nothing', async ({ store, directory }) => {
      if (!store.abilities.fold) return;
      const path = (name: string): string => `${directory}/${name}`;
      await store.makeDirectory(path('sub'), 0o755);
      for (const name of ['t', 'a', 'sub/b', 'x,y']) await put(store, path(name), name);
      await put(store, path('empty'));
      const before = await store.list(directory);
      await refuses('not-found', store.concat(path('t'), [path('a'), path('gone')]));
      await refuses('not-found', store.concat(path('gone'), [path('a')]));
      await refuses('concat-refused', store.concat(path('t'), [path('a'), path('sub/b')]));
      await refuses('concat-refused', store.concat(path('t'), [path('a'), path('t')]));
      await refuses('concat-refused', store.concat(path('t'), [path('a'), path('a')]));
      await refuses('concat-refused', store.concat(path('t'), [path('a'), path('empty')]));
      await refuses('concat-refused', store.concat(path('t'), [path('a'), path('x,y')]));
      assert.deepEqual(await store.list(directory), before);
      assert.equal(await get(store, path('sub/b')), 'sub/b');
    });

    test('replaceFile puts one file in the place of another', async ({ store, directory }) => {
      const path = (name: string): string => `${directory}/${name}`;
      await put(store, path('old'), 'old');
      await put(store, path('new'), 'new');
      if (!store.abilities.fold) {
        await assert.rejects(store.replaceFile(path('new'), path('old')), StoreError);
        assert.equal(await get(store, path('old')), 'old');
        return;
      }
      const staged = await statusAt(store, path('new'));
      await store.replaceFile(path('new'), path('old'));
      assert.equal(await store.stat(path('new')), undefined);
      assert.deepEqual(await statusAt(store, path('old')), { ...staged, path: path('old'), name: 'old' });
      assert.equal(await get(store, path('old')), 'new');
      await refuses('not-found', store.replaceFile(path('new'), path('old')));
      assert.equal(await get(store, path('old')), 'new');

      await put(store, path('newer'), 'newer');
      const wanted = (await statusAt(store, path('old'))).fileId;
      await store.deleteFile(path('old'));
      await refuses('changed', store.replaceFile(path('newer'), path('old'), wanted));
      await put(store, path('old'), 'another');
      await refuses('changed', store.replaceFile(path('newer'), path('old'), wanted));
      assert.deepEqual(
        [await get(store, path('old')), await get(store, path('newer'))],
        ['another', 'newer'],
      );
      const other = (await statusAt(store, path('old'))).fileId;
      await refuses('not-found', store.replaceFile(path('new'), path('old'), other));
      await store.replaceFile(path('newer'), path('old'), other);
      assert.deepEqual(
        [await get(store, path('old')), await store.stat(path('newer'))],
        ['newer', undefined],
      );
      await store.makeDirectory(path('full'), 0o755);
      await put(store, path('full/x'), 'x');
      await assert.rejects(store.replaceFile(path('old'), path('full')), StoreError);
      assert.equal(await get(store, path('full/x')), 'x');
    });

    test('a placement that is asked for is found', async ({ store, directory }) => {
      await put(store, `${directory}/a`, 'x');
      const usual = (await statusAt(store, `${directory}/a`)).placement;
      if (usual === undefined) return;
      assert.equal(usual.storagePolicy, undefined);
      const placement = { blockSizeBytes: usual.blockSizeBytes / 2, replication: 3, storagePolicy: 'WARM' };
      const sink = await store.create(`${directory}/b`, placement);
      await sink.write(Buffer.from('y'));
      await sink.close();
      assert.deepEqual((await statusAt(store, `${directory}/b`)).placement, placement);
      assert.equal((await statusAt(store, directory)).placement, undefined);
    });

    test('nothing is in the way of folding plain files', async ({ store, directory }) => {
      if (store.foldObstacles === undefined) return;
      await put(store, `${directory}/a`, 'x');
      await put(store, `${directory}/b,c`, 'y');
      const files = (await store.list(directory)) ?? [];
      const found = await store.foldObstacles(directory, files, `${directory}/_consolidation`);
      assert.deepEqual(
        found.map(({ path, rule }) => [path, rule]),
        [[`${directory}/b,c`, 'comma-in-name']],
      );
    });

    test('errors name the operation and the full path', async ({ store, directory }) => {
      const path = `${directory}/no/such/file`;
      const error = await failure(store.create(path));
      assert.ok(error instanceof StoreError);
      assert.equal(error.path, path);
      assert.equal(error.op, 'create');
      assert.ok(error.message.includes(path), error.message);
      assert.equal(error.outcomeUnknown, false);
    });
  });
}

/** Writes a file of these chunks. */
export async function put(store: Store, path: string, ...chunks: string[]): Promise<void> {
  const sink = await store.create(path);
  for (const chunk of chunks) await sink.write(Buffer.from(chunk));
  await sink.close();
}

/** The text of a file. */
export async function get(store: Store, path: string): Promise<string> {
  const source = await store.open(path, await refAt(store, path));
  try {
    return text(await source.read(0, source.sizeBytes));
  } finally {
    await source.close();
  }
}

/** Opens a file and reads it whole, as the generation expected. */
async function readFirst(store: Store, path: string, expected: FileRef): Promise<void> {
  const source = await store.open(path, expected);
  try {
    await source.read(0, expected.sizeBytes);
  } finally {
    await source.close();
  }
}

/** Asserts that `work` rejects with a `StoreError` of that code. */
export async function refuses(code: string, work: Promise<unknown>): Promise<void> {
  const error = await failure(work);
  assert.ok(error instanceof StoreError, `expected a StoreError ${code}, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return undefined;
}

async function statusAt(store: Store, path: string) {
  const status = await store.stat(path);
  assert.ok(status !== undefined, `${path} is not there`);
  return status;
}

async function refAt(store: Store, path: string) {
  return refOf(await statusAt(store, path));
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
