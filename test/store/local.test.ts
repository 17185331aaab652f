import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ByteSource } from '../../src/core/byte-source.ts';
import { ConfigError, StoreError } from '../../src/core/errors.ts';
import { localStoreError } from '../../src/store/local/errors.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { localSources } from '../../src/store/local/source.ts';
import { openStore } from '../../src/store/open-store.ts';
import { refOf } from '../../src/store/store.ts';
import { get, put, refuses, storeContract } from './store-contract.ts';

storeContract('local directory', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  return {
    store: localStore(),
    directory,
    append: async (path, text) => appendFileSync(path, text),
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
});

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('local store', () => {
  const store = localStore();

  it('shows links and special files as they are, not what they lead to', () =>
    inDirectory(async (directory) => {
      writeFileSync(join(directory, 'file'), 'x');
      symlinkSync('file', join(directory, 'link'));
      execFileSync('mkfifo', [join(directory, 'pipe')]);
      const kinds = (await store.list(directory))?.map(({ name, kind }) => [name, kind]);
      assert.deepEqual(kinds, [
        ['file', 'file'],
        ['link', 'other'],
        ['pipe', 'other'],
      ]);
      const link = await store.stat(join(directory, 'link'));
      assert.ok(link !== undefined);
      await assert.rejects(store.open(link.path, refOf(link)), StoreError);
    }));

  it('does not wait for a writer of a named pipe', () =>
    inDirectory(async (directory) => {
      execFileSync('mkfifo', [join(directory, 'pipe')]);
      const found = await store.stat(join(directory, 'pipe'));
      assert.ok(found !== undefined);
      await assert.rejects(store.setAttributes(found.path, found), StoreError);
      await assert.rejects(store.open(found.path, refOf(found)), StoreError);
    }));

  it('names owner and group as the machine knows them, and takes numbers back', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'a');
      await put(store, path, 'x');
      const found = await store.stat(path);
      assert.equal(found?.owner, userInfo().username);
      assert.ok(found !== undefined);
      const { uid, gid } = statSync(path);
      await store.setAttributes(path, { ...found, owner: String(uid), group: String(gid) });
      if (process.getuid?.() !== 0) return;
      await store.setAttributes(path, { ...found, owner: '54321', group: '54322', mode: 0o2640 });
      const changed = await store.stat(path);
      assert.deepEqual([changed?.owner, changed?.group, changed?.mode], ['54321', '54322', 0o2640]);
    }));

  it('refuses an ACL it cannot set', () =>
    inDirectory(async (directory) => {
      const found = await store.stat(directory);
      assert.ok(found !== undefined);
      await refuses('acl-unsupported', store.setAttributes(directory, { ...found, acl: ['user:a:r--'] }));
    }));

  it('refuses a name that is not UTF-8 rather than passing over the file', () =>
    inDirectory(async (directory) => {
      writeFileSync(Buffer.concat([Buffer.from(`${directory}/a`), Buffer.from([0xff])]), 'x');
      await refuses('name-not-utf8', store.list(directory));
    }));

  it('notices a file that was truncated, replaced or rewritten while it is open', () =>
    inDirectory(async (directory) => {
      const path = join(directory, 'a');
      const open = async () => {
        rmSync(path, { force: true });
        await put(store, path, 'twelve bytes');
        const status = await store.stat(path);
        assert.ok(status !== undefined);
        const source = await store.open(path, refOf(status));
        assert.equal(Buffer.from(await source.read(0, 6)).toString(), 'twelve');
        return source;
      };
      const truncated = await open();
      truncateSync(path, 3);
      await refuses('changed', truncated.read(0, 6));
      await truncated.close();
      const rewritten = await open();
      writeFileSync(path, 'TWELVE BYTES');
      utimesSync(path, 1, 1);
      await refuses('changed', rewritten.read(0, 6));
      await rewritten.close();
    }));

  it('keeps few descriptors for many open files, and each stays pinned', () =>
    inDirectory(async (directory) => {
      const sources = localSources(3);
      const paths = Array.from({ length: 10 }, (_, index) => join(directory, `f${index}`));
      const opened: ByteSource[] = [];
      for (const path of paths) {
        await put(store, path, path);
        const status = await store.stat(path);
        assert.ok(status !== undefined);
        opened.push(sources.open(path, refOf(status)));
      }
      const descriptors = () =>
        execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' }).split(directory).length -
        1;
      for (let round = 0; round < 2; round++) {
        for (const [index, source] of opened.entries()) {
          const path = paths[index] ?? '';
          assert.equal(Buffer.from(await source.read(0, source.sizeBytes)).toString(), path);
        }
      }
      if (process.platform === 'linux') assert.equal(descriptors(), 3);
      renameSync(paths[9] ?? '', paths[0] ?? '');
      const [first] = opened;
      assert.ok(first !== undefined);
      await refuses('changed', first.read(0, 1));
      for (const source of opened) await source.close();
      if (process.platform === 'linux') assert.equal(descriptors(), 0);
    }));

  it('moves an empty directory out of nobody’s way: one in the place of the destination is refused', () =>
    inDirectory(async (directory) => {
      mkdirSync(join(directory, 'a'));
      mkdirSync(join(directory, 'b'));
      await refuses('exists', store.rename(join(directory, 'a'), join(directory, 'b')));
    }));

  it('says what helps for the errors an operator meets', () => {
    for (const [status, code, hint] of [
      ['ENOSPC', 'no-space', /df -h/],
      ['EROFS', 'read-only', /read-write/],
      ['EACCES', 'permission-denied', /ls -ld/],
      ['EXDEV', 'other-file-system', /one file system/],
      ['EMFILE', 'store-failed', /ulimit/],
    ] as const) {
      const cause = Object.assign(new Error(`${status}: some words, write '/x'`), { code: status });
      const error = localStoreError('write', '/x', 'write 5 bytes to /x', cause);
      assert.equal(error.message, `cannot write 5 bytes to /x: ${status}: some words`);
      assert.deepEqual([error.code, error.status, error.path], [code, status, '/x']);
      assert.match(error.hint ?? '', hint);
    }
  });

  it('reads its own files after a restart by the same identity', () =>
    inDirectory(async (directory) => {
      await put(store, join(directory, 'a'), 'x');
      const other = localStore();
      assert.deepEqual(await other.stat(join(directory, 'a')), await store.stat(join(directory, 'a')));
      assert.equal(await get(other, join(directory, 'a')), 'x');
    }));
});

describe('openStore', () => {
  it('takes paths and file: URIs', () => {
    assert.equal(openStore('/data/telemetry/').basePath, '/data/telemetry');
    assert.equal(openStore('/').basePath, '/');
    assert.equal(openStore('data/../x').basePath, join(process.cwd(), 'x'));
    assert.equal(openStore('file:///data/a%20b').basePath, '/data/a b');
    assert.equal(openStore('file:/data/x').basePath, '/data/x');
    assert.equal(openStore('./a:b').basePath, join(process.cwd(), 'a:b'));
  });

  it('refuses what it cannot open, with the way out', () => {
    for (const uri of ['hdfs://nn:8020/data', 'webhdfs://nn/data', 'swebhdfs://nn/data', 's3://bucket/x']) {
      assert.throws(
        () => openStore(uri),
        (error: unknown) =>
          error instanceof ConfigError && error.exitCode === 2 && (error.hint ?? '').includes('file:'),
      );
    }
    assert.throws(() => openStore('hdfs://nn:8020/data'), /only a directory of this machine/);
    assert.throws(() => openStore('file://other-host/data'), ConfigError);
  });
});
