import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { mapConcurrently } from '../../src/core/concurrency.ts';
import { StoreError } from '../../src/core/errors.ts';
import { encodeQueryValue } from '../../src/store/encode-query-value.ts';
import { openStore } from '../../src/store/open-store.ts';
import { type FileStatus, refOf, type Store } from '../../src/store/store.ts';
import { aclSpec } from '../../src/store/webhdfs/attributes.ts';
import { serverClock } from '../../src/store/webhdfs/clock.ts';
import { redirectTarget } from '../../src/store/webhdfs/redirect.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { hdfs, hdfsJson } from '../support/hdfs-request.ts';
import { get, put, refuses, storeContract } from './store-contract.ts';
import { analyst, behindProxy, newDirectory, removeDirectory, storeOn } from './webhdfs-under-test.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;

if (cluster !== undefined) {
  storeContract('HDFS over WebHDFS', async () => {
    const directory = await newDirectory(cluster);
    return {
      store: storeOn(cluster),
      directory,
      append: async (path, text) => {
        await hdfs(cluster, { method: 'POST', op: 'APPEND', path, body: Buffer.from(text), user: analyst });
      },
      dispose: () => removeDirectory(cluster, directory),
    };
  });
}

async function statusOf(store: Store, path: string): Promise<FileStatus> {
  const status = await store.stat(path);
  assert.ok(status !== undefined, `${path} is not there`);
  return status;
}

describe('openStore for HDFS', () => {
  it('goes to the WebHDFS port and keeps the URI for messages', () => {
    const options = { userName: 'somebody', maxRetries: 3 };
    for (const scheme of ['hdfs', 'webhdfs', 'swebhdfs'] as const) {
      const { store, basePath } = openStore(
        { kind: 'hdfs', scheme, host: 'nn', port: 8020, webHdfsPort: 9870, path: '/data/x/' },
        options,
      );
      assert.deepEqual([store.uri, basePath], [`${scheme}://nn:8020`, '/data/x']);
      assert.deepEqual([store.abilities.fold, store.abilities.hardLink], [true, false]);
    }
    assert.equal(openStore({ kind: 'local', path: '/data/x/' }, options).basePath, '/data/x');
  });
});

describe('a redirect', () => {
  const facts = { op: 'read', path: '/a', attempt: 'read /a', isMutation: false };

  it('leads to HTTP, and from TLS only to TLS', () => {
    const to = (origin: string, location?: string): string => redirectTarget(facts, origin, location).href;
    assert.equal(to('http://nn:9870', 'http://dn:9864/a?op=OPEN'), 'http://dn:9864/a?op=OPEN');
    assert.equal(to('http://nn:9870', 'https://dn:9865/a'), 'https://dn:9865/a');
    assert.equal(to('https://nn:9871', 'https://dn:9865/a'), 'https://dn:9865/a');
    for (const [origin, location] of [
      ['https://nn:9871', 'http://dn:9864/a'],
      ['http://nn:9870', 'ftp://dn/a'],
      ['http://nn:9870', 'file:///etc/passwd'],
      ['http://nn:9870', '/relative'],
      ['http://nn:9870', undefined],
    ] as const) {
      assert.throws(
        () => to(origin, location),
        (error: unknown) => error instanceof StoreError && error.code === 'bad-redirect',
      );
    }
  });
});

describe('the clock of a server', () => {
  it('is known to half a second from one reply, and better from many', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e12, max: 1e12 }),
        fc.array(fc.record({ restMs: fc.nat(900), waitMs: fc.nat(40) }), { minLength: 1, maxLength: 30 }),
        (offsetMs, replies) => {
          const clock = serverClock();
          assert.equal(clock.timeAt(0), undefined);
          let at = 0;
          for (const { restMs, waitMs } of replies) {
            const sent = at + restMs;
            const answered = sent + waitMs / 2;
            at = sent + waitMs;
            const header = new Date(Math.floor((answered + offsetMs) / 1000) * 1000).toUTCString();
            clock.observe(header, sent, at);
            const known = clock.timeAt(at);
            assert.ok(known !== undefined && Math.abs(known - (at + offsetMs)) <= 500 + waitMs + 1);
          }
          assert.equal(clock.timeAt(at + 1001), undefined);
        },
      ),
    );
  });

  it('is believed anew when it is set', () => {
    const clock = serverClock();
    clock.observe('Thu, 01 Jan 2026 00:00:00 GMT', 0, 1);
    clock.observe(undefined, 5, 6);
    clock.observe('not a date', 5, 6);
    clock.observe('Fri, 02 Jan 2026 00:00:00 GMT', 10, 11);
    const known = clock.timeAt(11) ?? 0;
    assert.ok(Math.abs(known - Date.UTC(2026, 0, 2, 0, 0, 0, 500)) < 20, new Date(known).toISOString());
  });
});

describe('ACLs in words', () => {
  it('are completed from the mode', () => {
    assert.equal(
      aclSpec({ mode: 0o1640, acl: ['user:bob:r--', 'group::r--'] }),
      'user::rw-,user:bob:r--,group::r--,mask::r--,other::---',
    );
    assert.equal(
      aclSpec({ mode: 0o751, acl: ['default:user::rwx', 'default:group::r-x', 'default:other::---'] }),
      'user::rwx,default:user::rwx,default:group::r-x,default:other::---,group::r-x,other::--x',
    );
  });
});

describe('HDFS', { skip }, () => {
  if (cluster === undefined) return;
  const admin = storeOn(cluster, { userName: cluster.superuser });

  const inDirectory = async (work: (store: Store, directory: string) => Promise<void>): Promise<void> => {
    const directory = await newDirectory(cluster);
    try {
      await work(storeOn(cluster), directory);
    } finally {
      await removeDirectory(cluster, directory);
    }
  };

  it('lists 10,000 entries in pages, all of them once', () =>
    inDirectory(async (store, directory) => {
      const names = Array.from({ length: 10_000 }, (_, index) => `e${String(index).padStart(5, '0')}`);
      await mapConcurrently(names, 32, (name) =>
        hdfs(cluster, { method: 'PUT', op: 'MKDIRS', path: `${directory}/${name}` }),
      );
      const entries = (await store.list(directory)) ?? [];
      assert.deepEqual(
        entries.map((entry) => entry.name),
        names,
      );
    }));

  it('asks for no page beyond a stretch of names, and lists again what changed between two pages', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const names = Array.from({ length: 2_500 }, (_, index) => `e${String(index).padStart(4, '0')}`);
      await mapConcurrently(names, 32, (name) =>
        hdfs(cluster, { method: 'PUT', op: 'MKDIRS', path: `${directory}/${name}` }),
      );
      proxy.reset();
      const stretch = (await store.list(directory, { after: 'e0899', upTo: 'e1100' })) ?? [];
      assert.deepEqual(
        stretch.filter(({ name }) => name <= 'e1100').map(({ name }) => name),
        names.slice(900, 1_101),
      );
      assert.equal(proxy.requests.filter(({ op }) => op === 'LISTSTATUS_BATCH').length, 1);
      const two = (await store.list(directory, { after: 'e0899', upTo: 'e1900' })) ?? [];
      assert.deepEqual(
        two.filter(({ name }) => name <= 'e1900').map(({ name }) => name),
        names.slice(900, 1_901),
      );
      assert.ok(two.every(({ name }) => name > 'e0899'));
      assert.deepEqual(await store.list(directory, { after: 'f', upTo: 'g' }), []);
      // The last entry comes to the front when the first page has been read: one pass over the pages misses it.
      proxy.ambush(({ op, params }) => op === 'LISTSTATUS_BATCH' && params.get('startAfter') === 'e0999', {
        kind: 'call',
        when: 'before',
        action: () => admin.rename(`${directory}/e2499`, `${directory}/a`),
      });
      const found = (await store.list(directory))?.map((entry) => entry.name) ?? [];
      assert.deepEqual(found, ['a', ...names.slice(0, -1)]);
    }));

  it('reads a file by its id: wherever it has been moved, and whatever has its path', () =>
    inDirectory(async (store, directory) => {
      await put(store, `${directory}/a`, 'first');
      const status = await statusOf(store, `${directory}/a`);
      const source = await store.open(status.path, refOf(status));
      await store.rename(`${directory}/a`, `${directory}/b`);
      await put(store, `${directory}/a`, 'other');
      assert.equal(Buffer.from(await source.read(0, 5)).toString(), 'first');
      await store.deleteFile(`${directory}/b`);
      await refuses('changed', source.read(0, 5));
      await store.deleteFile(`${directory}/a`);
      await refuses('not-found', source.read(0, 5));
      await source.close();
    }));

  it('notices in the middle of a file that it was cut', () =>
    inDirectory(async (store, directory) => {
      await put(store, `${directory}/a`, 'x'.repeat(5000));
      const status = await statusOf(store, `${directory}/a`);
      const source = await store.open(status.path, refOf(status));
      assert.equal((await source.read(100, 50)).length, 50);
      await hdfs(cluster, { method: 'POST', op: 'TRUNCATE', path: status.path, params: { newlength: 1024 } });
      await refuses('changed', source.read(100, 50));
      await refuses('changed', source.read(4000, 50));
      // Until the DataNodes have cut the block, the file has its old length, and its end its old bytes.
      while ((await statusOf(store, status.path)).sizeBytes !== 1024) await setTimeout(20);
      await refuses('changed', source.read(4950, 50));
      await source.close();
    }));

  it('reads what the user may read, and says so when not', () =>
    inDirectory(async (store, directory) => {
      await admin.makeDirectory(`${directory}/closed`, 0o700);
      await put(admin, `${directory}/closed/a`, 'secret');
      const status = await statusOf(admin, `${directory}/closed/a`);
      const source = await store.open(status.path, refOf(status));
      await refuses('permission-denied', source.read(0, 6));
      await refuses('permission-denied', store.list(`${directory}/closed`));
      await refuses('permission-denied', store.stat(`${directory}/closed/a`));
      await refuses('permission-denied', store.create(`${directory}/closed/b`));
      await refuses('permission-denied', store.touch(`${directory}/closed/a`));
      await refuses('permission-denied', store.rename(`${directory}/closed`, '/elsewhere'));
      assert.equal(await get(admin, status.path), 'secret');
    }));

  it('gives and takes ACLs, those with defaults too', () =>
    inDirectory(async (store, directory) => {
      await put(store, `${directory}/a`, 'x');
      const plain = await statusOf(store, `${directory}/a`);
      const acl = ['user:bob:r--', 'group::r--', 'group:auditors:r-x'];
      await store.setAttributes(plain.path, { ...plain, mode: 0o750, acl });
      const found = await statusOf(store, plain.path);
      assert.deepEqual([found.mode, found.acl], [0o750, acl]);
      assert.deepEqual(await store.list(directory), [found]);
      // What was found is what can be set.
      await put(store, `${directory}/b`, 'y');
      await store.setAttributes(`${directory}/b`, found);
      assert.deepEqual((await statusOf(store, `${directory}/b`)).acl, acl);
      await store.setAttributes(plain.path, plain);
      assert.deepEqual(await statusOf(store, plain.path), plain);

      const folder = await statusOf(store, directory);
      const withDefaults = {
        ...folder,
        mode: 0o755,
        acl: [
          'default:user::rwx',
          'default:user:bob:rwx',
          'default:group::---',
          'default:mask::rwx',
          'default:other::---',
        ],
      };
      await store.setAttributes(directory, withDefaults);
      assert.deepEqual((await statusOf(store, directory)).acl, withDefaults.acl);
      // Defaults of the parent do not touch the mode that was asked for.
      await store.makeDirectory(`${directory}/c/d`, 0o755);
      assert.equal((await statusOf(store, `${directory}/c`)).mode, 0o755);
      assert.equal((await statusOf(store, `${directory}/c/d`)).mode, 0o755);
    }));

  it('refuses attributes that this user cannot give', () =>
    inDirectory(async (store, directory) => {
      await put(store, `${directory}/a`, 'x');
      const found = await statusOf(store, `${directory}/a`);
      await refuses('permission-denied', store.setAttributes(found.path, { ...found, owner: 'bob' }));
      await refuses('permission-denied', store.setAttributes(found.path, { ...found, group: 'bobs' }));
      await admin.setAttributes(found.path, { ...found, owner: 'bob', group: 'bobs', mode: 0o1444 });
      const after = await statusOf(store, found.path);
      assert.deepEqual([after.owner, after.group, after.mode], ['bob', 'bobs', 0o1444]);
      await refuses('permission-denied', store.setAttributes(found.path, { ...after, mode: 0o644 }));
    }));

  it('makes missing parents with the mode asked for, whatever that is', () =>
    inDirectory(async (store, directory) => {
      // Parents without write and search permission cannot be filled by others than the superuser.
      await admin.makeDirectory(`${directory}/a/b/c`, 0o511);
      for (const name of ['a', 'a/b', 'a/b/c']) {
        assert.equal((await statusOf(admin, `${directory}/${name}`)).mode, 0o511);
      }
      await store.makeDirectory(`${directory}/sticky`, 0o1770);
      assert.equal((await statusOf(store, `${directory}/sticky`)).mode, 0o1770);
    }));

  it('sees snapshots in the way of folding, and CONCAT agrees', () =>
    inDirectory(async (store, directory) => {
      const asAdmin = { method: 'PUT', path: directory } as const;
      await put(store, `${directory}/t`, 'target');
      await store.makeDirectory(`${directory}/p`, 0o755);
      for (const name of ['t', 'a', 'b']) await put(store, `${directory}/p/${name}`, name);
      await hdfs(cluster, { ...asAdmin, op: 'ALLOWSNAPSHOT' });
      const filesOf = async () => (await store.list(`${directory}/p`)) ?? [];
      assert.deepEqual(
        await store.foldObstacles?.(`${directory}/p`, await filesOf(), `${directory}/_consolidation`),
        [],
      );
      await hdfs(cluster, { ...asAdmin, op: 'CREATESNAPSHOT', params: { snapshotname: 's1' } });
      await put(store, `${directory}/p/c`, 'c');
      try {
        const obstacles =
          (await store.foldObstacles?.(`${directory}/p`, await filesOf(), `${directory}/_consolidation`)) ??
          [];
        assert.deepEqual(
          obstacles.map(({ path, rule }) => [path, rule]),
          ['a', 'b', 't'].map((name) => [`${directory}/p/${name}`, 'in-snapshot']),
        );
        assert.match(obstacles[0]?.reason ?? '', /\.snapshot\/s1/);
        const before = await filesOf();
        await refuses('concat-refused', store.concat(`${directory}/p/t`, [`${directory}/p/a`]));
        assert.deepEqual(await filesOf(), before);
        await store.concat(`${directory}/p/t`, [`${directory}/p/c`]);
        assert.equal(await get(store, `${directory}/p/t`), 'tc');
      } finally {
        await hdfs(cluster, {
          method: 'DELETE',
          op: 'DELETESNAPSHOT',
          path: directory,
          params: { snapshotname: 's1' },
        });
        await hdfs(cluster, { ...asAdmin, op: 'DISALLOWSNAPSHOT' });
      }
    }));

  it('sees erasure coding and encryption in the way of folding', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      await put(store, `${directory}/a`, 'a');
      await put(store, `${directory}/b`, 'b');
      const reply = await hdfsJson(cluster, { method: 'GET', op: 'LISTSTATUS_BATCH', path: directory });
      const [first, second] = ['"pathSuffix":"a"', '"pathSuffix":"b"'];
      proxy.ambush(({ op, path }) => op === 'LISTSTATUS_BATCH' && path === directory, {
        kind: 'answer',
        status: 200,
        body: JSON.stringify(reply)
          .replace(first, `"ecBit":true,${first}`)
          .replace(second, `"encBit":true,${second}`),
      });
      const files = (await store.list(directory)) ?? [];
      assert.deepEqual(
        (await store.foldObstacles?.(directory, files, `${directory}/_consolidation`))?.map(
          ({ path, rule }) => [path, rule],
        ),
        [
          [`${directory}/a`, 'erasure-coded'],
          [`${directory}/b`, 'encryption-zone'],
        ],
      );
    }));

  it('refuses to fold a file that is open for writing, whole blocks or not', () =>
    inDirectory(async (store, directory) => {
      for (const name of ['t', 'a']) await put(store, `${directory}/${name}`, name);
      const sink = await store.create(`${directory}/open`);
      await sink.write(Buffer.alloc(300_000));
      await refuses(
        'concat-refused',
        store.concat(`${directory}/t`, [`${directory}/a`, `${directory}/open`]),
      );
      await refuses('concat-refused', store.concat(`${directory}/open`, [`${directory}/a`]));
      await sink.abort();
      assert.deepEqual(
        (await store.list(directory))?.map((entry) => entry.name),
        ['a', 't'],
      );
    }));

  it('concatenates as many sources as it says that it can, and refuses more before it asks', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const name = (index: number): string => `${directory}/${`${index}`.padStart(100, 'n')}`;
      const cost = encodeQueryValue(name(0)).length + 1;
      const most = Math.floor((store.abilities.concatPathBytes ?? 0) / cost);
      const sources = Array.from({ length: most + 1 }, (_, index) => name(index));
      await put(store, `${directory}/t`, 't');
      await mapConcurrently(sources, 32, (path) =>
        hdfs(cluster, {
          method: 'PUT',
          op: 'CREATE',
          path,
          body: Buffer.from('x'),
          params: { permission: '666' },
        }),
      );
      proxy.reset();
      await refuses('concat-refused', store.concat(`${directory}/t`, sources));
      // The NameNode would take it, and not be able to read its own journal at its next start.
      await refuses('concat-refused', store.concat(`${directory}/t`, ['//.reserved/.inodes/16385/a']));
      assert.equal(proxy.requests.length, 0);
      await admin.concat(`${directory}/t`, sources.slice(0, most));
      assert.equal((await statusOf(store, `${directory}/t`)).sizeBytes, 1 + most);
    }));

  it('tells its own time without asking while it is being talked to', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const now = await store.nowMs();
      assert.ok(Math.abs(now - Date.now()) < 10_000, `${now - Date.now()} ms off`);
      await put(store, `${directory}/a`, 'x');
      proxy.reset();
      const later = await store.nowMs();
      assert.ok(later >= now);
      assert.equal(proxy.requests.length, 0);
      const { modifiedAtMs } = await statusOf(store, `${directory}/a`);
      assert.ok(Math.abs(later - modifiedAtMs) < 1_500);
    }));

  it('does not keep an idle process alive', async () => {
    assert.notEqual(await admin.stat('/'), undefined);
    // Sockets that are kept for further calls are no reason to stay: the end of this test file shows it.
    assert.equal(await admin.list('/no/such/directory'), undefined);
  });
});
