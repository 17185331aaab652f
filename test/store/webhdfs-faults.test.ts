import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { type Fault, type ProxiedRequest, refusals, remoteException } from '../support/hdfs-proxy.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { get, put, refuses } from './store-contract.ts';
import { behindProxy, storeOn } from './webhdfs-under-test.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;

/** The error that `work` rejects with. */
async function failureOf(work: Promise<unknown>): Promise<StoreError> {
  const error = await work.then(
    () => undefined,
    (why: unknown) => why,
  );
  assert.ok(error instanceof StoreError, `expected a StoreError, got ${String(error)}`);
  return error;
}

/** A mutation, what it needs, and how to see that it was done. */
interface Mutation {
  readonly name: string;
  /** The WebHDFS operation that must be sent once only. */
  readonly op: string;
  prepare(store: Store, directory: string): Promise<void>;
  act(store: Store, directory: string): Promise<unknown>;
  isDone(store: Store, directory: string): Promise<boolean>;
  /** When its reply is lost, the store itself looks and knows that it was done; otherwise the caller is told to. */
  readonly looksItself?: boolean;
}

const twoFiles = async (store: Store, directory: string): Promise<void> => {
  await put(store, `${directory}/a`, 'aa');
  await put(store, `${directory}/b`, 'bbb');
};

const mutations: readonly Mutation[] = [
  {
    name: 'rename',
    op: 'RENAME',
    prepare: twoFiles,
    act: (store, at) => store.rename(`${at}/a`, `${at}/c`),
    isDone: async (store, at) => (await store.stat(`${at}/c`)) !== undefined,
  },
  {
    name: 'replaceFile',
    op: 'RENAME',
    prepare: twoFiles,
    act: (store, at) => store.replaceFile(`${at}/a`, `${at}/b`),
    isDone: async (store, at) => (await store.stat(`${at}/b`))?.sizeBytes === 2,
  },
  {
    name: 'concat',
    op: 'CONCAT',
    prepare: twoFiles,
    act: (store, at) => store.concat(`${at}/a`, [`${at}/b`]),
    isDone: async (store, at) => (await store.stat(`${at}/a`))?.sizeBytes === 5,
  },
  {
    name: 'deleteFile',
    op: 'DELETE',
    prepare: twoFiles,
    act: (store, at) => store.deleteFile(`${at}/a`),
    isDone: async (store, at) => (await store.stat(`${at}/a`)) === undefined,
  },
  {
    name: 'deleteDirectory',
    op: 'DELETE',
    prepare: (store, at) => store.makeDirectory(`${at}/d/e`, 0o700),
    act: (store, at) => store.deleteDirectory(`${at}/d`),
    isDone: async (store, at) => (await store.stat(`${at}/d`)) === undefined,
  },
  {
    name: 'removeEmptyDirectory',
    op: 'DELETE',
    prepare: (store, at) => store.makeDirectory(`${at}/d`, 0o700),
    act: (store, at) => store.removeEmptyDirectory(`${at}/d`),
    isDone: async (store, at) => (await store.stat(`${at}/d`)) === undefined,
  },
  {
    name: 'makeDirectory',
    op: 'MKDIRS',
    prepare: async () => {},
    act: (store, at) => store.makeDirectory(`${at}/d`, 0o700),
    isDone: async (store, at) => (await store.stat(`${at}/d`)) !== undefined,
  },
  {
    name: 'setAttributes',
    op: 'SETPERMISSION',
    prepare: twoFiles,
    act: async (store, at) => {
      const found = await store.stat(`${at}/a`);
      assert.ok(found !== undefined);
      await store.setAttributes(`${at}/a`, { ...found, mode: 0o600 });
    },
    isDone: async (store, at) => (await store.stat(`${at}/a`))?.mode === 0o600,
  },
  {
    name: 'touch',
    op: 'SETTIMES',
    prepare: async (store, at) => {
      assert.ok(cluster !== undefined);
      await put(store, `${at}/a`, 'a');
      await hdfs(cluster, {
        method: 'PUT',
        op: 'SETTIMES',
        path: `${at}/a`,
        params: { modificationtime: 1000 },
      });
    },
    act: (store, at) => store.touch(`${at}/a`),
    isDone: async (store, at) => (await store.stat(`${at}/a`))?.modifiedAtMs !== 1000,
  },
  {
    name: 'create, the end of it',
    op: 'CREATE',
    prepare: async () => {},
    act: (store, at) => put(store, `${at}/a`, 'abc'),
    isDone: async (store, at) => (await store.stat(`${at}/a`))?.sizeBytes === 3,
    looksItself: true,
  },
];

describe('a mutation on HDFS', { skip }, () => {
  if (cluster === undefined) return;

  for (const { name, op, prepare, act, isDone, looksItself } of mutations) {
    const isIt = (request: ProxiedRequest): boolean => request.isMutation && request.op === op;

    it(`whose reply is lost may have been done, and is not sent again: ${name}`, () =>
      behindProxy(cluster, async ({ store, proxy, directory }) => {
        await prepare(store, directory);
        const ambush = proxy.ambush(isIt, { kind: 'lose-reply' }, { times: Infinity });
        if (looksItself === true) {
          await act(store, directory);
        } else {
          const error = await failureOf(act(store, directory));
          assert.deepEqual([error.outcomeUnknown, error.retryable, error.code], [true, false, 'no-answer']);
          assert.match(error.message, /may have been done or not/);
          assert.ok(error.message.includes(directory), error.message);
        }
        assert.equal(ambush.times(), 1);
        ambush.remove();
        assert.equal(await isDone(store, directory), true);
      }));

    it(`that never arrives looks the same: ${name}`, () =>
      behindProxy(cluster, async ({ store, proxy, directory }) => {
        await prepare(store, directory);
        const ambush = proxy.ambush(isIt, { kind: 'reset' }, { times: Infinity });
        const error = await failureOf(act(store, directory));
        assert.equal(error.outcomeUnknown, true);
        assert.equal(ambush.times(), 1);
        ambush.remove();
        assert.equal(await isDone(store, directory), false);
      }));

    it(`that is refused for the moment is tried again, as often as allowed: ${name}`, () =>
      behindProxy(cluster, async ({ store, proxy, directory }) => {
        await prepare(store, directory);
        for (const [refusal, code] of [
          [refusals.safeMode, 'safe-mode'],
          [refusals.standby, 'standby'],
          [refusals.retriable, 'busy'],
        ] as const) {
          const ambush = proxy.ambush(isIt, refusal, { times: Infinity });
          const error = await failureOf(act(store, directory));
          assert.deepEqual([error.code, error.outcomeUnknown, ambush.times()], [code, false, 3]);
          assert.ok(error.hint !== undefined);
          ambush.remove();
          assert.equal(await isDone(store, directory), false);
        }
        const twice = proxy.ambush(isIt, refusals.safeMode, { times: 2 });
        await act(store, directory);
        assert.equal(twice.times(), 2);
        assert.equal(await isDone(store, directory), true);
      }));
  }

  it('that a proxy answers may have been done', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      await twoFiles(store, directory);
      const answers = [
        refusals.unavailable,
        { kind: 'answer', status: 200, body: '<html>welcome</html>' },
        { kind: 'answer', status: 502, body: 'Bad Gateway' },
        remoteException(500, 'NullPointerException', 'java.lang.NullPointerException', ''),
      ] as const satisfies readonly Fault[];
      for (const answer of answers) {
        const ambush = proxy.ambush(({ op }) => op === 'RENAME', answer, { times: Infinity });
        const error = await failureOf(store.rename(`${directory}/a`, `${directory}/c`));
        assert.deepEqual([error.outcomeUnknown, ambush.times()], [true, 1], answer.body);
        ambush.remove();
      }
    }));

  it('that nobody could receive is tried again and has not been done', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        assert.ok(typeof address === 'object' && address !== null);
        resolve(address.port);
      });
    });
    await new Promise((resolve) => server.close(resolve));
    const store = storeOn({ host: '127.0.0.1', httpPort: port, superuser: '' });
    const error = await failureOf(store.concat('/t', ['/a']));
    assert.deepEqual(
      [error.code, error.status, error.outcomeUnknown, error.retryable, error.exitCode],
      ['unreachable', 'ECONNREFUSED', false, true, 10],
    );
    assert.match(error.hint ?? '', /9870/);
  });

  it('that takes too long may have been done', () =>
    behindProxy(
      cluster,
      async ({ store, proxy, directory }) => {
        await twoFiles(store, directory);
        const never = new Promise(() => {});
        proxy.ambush(({ op }) => op === 'RENAME', { kind: 'pause', when: 'after', until: never });
        const error = await failureOf(store.rename(`${directory}/a`, `${directory}/c`));
        assert.deepEqual([error.status, error.outcomeUnknown], ['ETIMEDOUT', true]);
        assert.equal((await store.stat(`${directory}/c`))?.sizeBytes, 2);
      },
      { timeoutMs: 1_000 },
    ));
});

describe('a look at HDFS', { skip }, () => {
  if (cluster === undefined) return;

  it('is tried again when it fails for the moment', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      await twoFiles(store, directory);
      const faults: readonly Fault[] = [
        { kind: 'reset' },
        { kind: 'lose-reply' },
        { kind: 'cut-download', afterBytes: 10 },
        ...Object.values(refusals),
      ];
      for (const fault of faults) {
        proxy.ambush(({ op }) => op === 'GETFILESTATUS' || op === 'LISTSTATUS_BATCH', fault, { times: 2 });
        assert.equal((await store.stat(`${directory}/a`))?.sizeBytes, 2, fault.kind);
        proxy.ambush(({ op }) => op === 'LISTSTATUS_BATCH', fault, { times: 2 });
        assert.equal((await store.list(directory))?.length, 2, fault.kind);
      }
    }));

  it('fails when it fails for good, and nothing is never taken for an answer', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const answers: readonly (readonly [Fault, string])[] = [
        [
          {
            kind: 'answer',
            status: 404,
            body: 'It looks like you are making an HTTP request to a Hadoop IPC port.',
          },
          'not-webhdfs',
        ],
        [{ kind: 'answer', status: 404, body: '{}' }, 'not-webhdfs'],
        [{ kind: 'answer', status: 200, body: '<html>' }, 'not-webhdfs'],
        [{ kind: 'answer', status: 200, body: '' }, 'not-webhdfs'],
        [{ kind: 'answer', status: 200, body: '{}' }, 'no-file-id'],
        [{ kind: 'answer', status: 200, body: '{"FileStatus":{"fileId":7}}' }, 'not-webhdfs'],
        [{ kind: 'answer', status: 401, body: '' }, 'authentication-failed'],
        [refusals.unavailable, 'unavailable'],
        [remoteException(403, 'AccessControlException', '', 'Permission denied'), 'permission-denied'],
      ];
      for (const [fault, code] of answers) {
        const ambush = proxy.ambush(({ op }) => op === 'GETFILESTATUS', fault, { times: Infinity });
        await refuses(code, store.stat(directory));
        assert.equal(ambush.times(), code === 'unavailable' ? 3 : 1, code);
        ambush.remove();
      }
      const listing = proxy.ambush(
        ({ op }) => op === 'LISTSTATUS_BATCH',
        { kind: 'answer', status: 200, body: '{}' },
        { times: Infinity },
      );
      await refuses('not-webhdfs', store.list(directory));
      listing.remove();
    }));

  it('knows Hadoop’s exceptions by their names', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const codes: Readonly<Record<string, string>> = {
        FileAlreadyExistsException: 'exists',
        AlreadyBeingCreatedException: 'open-for-writing',
        RecoveryInProgressException: 'open-for-writing',
        PathIsNotEmptyDirectoryException: 'not-empty',
        AccessControlException: 'permission-denied',
        SafeModeException: 'safe-mode',
        StandbyException: 'standby',
        RetriableException: 'busy',
        NSQuotaExceededException: 'quota-exceeded',
        DSQuotaExceededException: 'quota-exceeded',
        QuotaByStorageTypeExceededException: 'quota-exceeded',
        SnapshotException: 'in-snapshot',
        AclException: 'acl-unsupported',
        InvalidToken: 'authentication-failed',
        UnsupportedOperationException: 'not-supported',
        IOException: 'store-failed',
        AnythingElseException: 'store-failed',
      };
      for (const [exception, code] of Object.entries(codes)) {
        // The same status for all: the name alone tells them apart.
        const fault = remoteException(
          403,
          exception,
          `org.apache.hadoop.${exception}`,
          'why\n\tat org.Some.class',
        );
        const ambush = proxy.ambush(({ op }) => op === 'SETTIMES', fault, { times: Infinity });
        const error = await failureOf(store.touch(`${directory}/a`));
        ambush.remove();
        assert.deepEqual(
          [error.code, error.remoteException, error.status, error.outcomeUnknown, error.op, error.path],
          [code, exception, 403, false, 'touch', `${directory}/a`],
        );
        assert.match(error.message, /: \w+Exception: why$|: InvalidToken: why$/);
      }
      for (const exception of [
        'FileNotFoundException',
        'PathNotFoundException',
        'ParentNotDirectoryException',
      ]) {
        proxy.ambush(({ op }) => op === 'GETFILESTATUS', remoteException(404, exception, '', 'no'));
        assert.equal(await store.stat(`${directory}/a`), undefined);
      }
    }));

  it('falls back to one listing where there are no pages', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      await twoFiles(store, directory);
      const unknown = remoteException(
        400,
        'IllegalArgumentException',
        'java.lang.IllegalArgumentException',
        'Invalid value for webhdfs parameter "op": No enum constant LISTSTATUS_BATCH',
      );
      proxy.ambush(({ op }) => op === 'LISTSTATUS_BATCH', unknown, { times: Infinity });
      assert.equal((await store.list(directory))?.length, 2);
      assert.equal(await store.list(`${directory}/no`), undefined);
    }));

  it('knows a gateway, by what it hides or by what it does itself', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const body =
        '{"FileStatus":{"length":1,"modificationTime":1,"owner":"a","group":"b","permission":"644","type":"FILE"}}';
      proxy.ambush(({ op }) => op === 'GETFILESTATUS', { kind: 'answer', status: 200, body });
      const error = await failureOf(store.stat(directory));
      assert.equal(error.code, 'no-file-id');
      assert.match(error.hint ?? '', /NameNode itself/);
      await put(store, `${directory}/a`, 'abc');
      proxy.ambush(({ op }) => op === 'OPEN', { kind: 'answer', status: 200, body: 'abc' });
      const second = await failureOf(get(store, `${directory}/a`));
      assert.equal(second.code, 'gateway-not-supported');
      assert.match(second.hint ?? '', /NameNode itself/);
    }));
});

describe('a read from HDFS', { skip }, () => {
  if (cluster === undefined) return;

  it('never hands on anything but the bytes', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const bytes = randomBytes(300_000).toString('latin1');
      await put(store, `${directory}/a`, bytes);
      const faults: readonly Fault[] = [
        { kind: 'reset' },
        { kind: 'lose-reply' },
        { kind: 'cut-download', afterBytes: 0 },
        { kind: 'cut-download', afterBytes: 100_000 },
        { kind: 'answer', status: 200, body: 'x'.repeat(1000) },
        { kind: 'answer', status: 200, body: '' },
        { kind: 'answer', status: 206, body: 'x'.repeat(Buffer.byteLength(bytes)) },
        remoteException(403, 'IOException', 'java.io.IOException', 'Could not obtain block'),
        remoteException(403, 'BlockMissingException', 'org.apache.hadoop.hdfs.BlockMissingException', 'gone'),
        ...Object.values(refusals),
      ];
      for (const fault of faults) {
        for (const to of ['namenode', 'datanode'] as const) {
          // What a NameNode says to OPEN has no body.
          if (fault.kind === 'cut-download' && to === 'namenode') continue;
          const isIt = (request: ProxiedRequest): boolean => request.op === 'OPEN' && request.to === to;
          const isGood = !(fault.kind === 'answer' && fault.status < 300);
          if (isGood) {
            proxy.ambush(isIt, fault, { times: 2 });
            assert.equal(await get(store, `${directory}/a`), bytes, JSON.stringify(fault));
          }
          const forEver = proxy.ambush(isIt, fault, { times: Infinity });
          const error = await failureOf(get(store, `${directory}/a`));
          assert.equal(error.outcomeUnknown, false);
          assert.ok(forEver.times() <= 3, `${forEver.times()} tries`);
          forEver.remove();
        }
      }
    }));

  it('gives up when nothing comes', () =>
    behindProxy(
      cluster,
      async ({ store, proxy, directory }) => {
        await put(store, `${directory}/a`, 'abc');
        const never = new Promise(() => {});
        const isIt = ({ op, to }: ProxiedRequest): boolean => op === 'OPEN' && to === 'datanode';
        proxy.ambush(isIt, { kind: 'pause', when: 'after', until: never });
        assert.equal(await get(store, `${directory}/a`), 'abc');
        proxy.ambush(isIt, { kind: 'pause', when: 'after', until: never }, { times: Infinity });
        const error = await failureOf(get(store, `${directory}/a`));
        assert.deepEqual([error.code, error.status, error.op], ['no-answer', 'ETIMEDOUT', 'read']);
      },
      { timeoutMs: 500 },
    ));

  it('costs one OPEN, and nothing else when it goes to the end of the file', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const names = Array.from({ length: 20 }, (_, index) => `${directory}/f${index}`);
      await Promise.all(names.map((name) => put(store, name, name)));
      const files = (await store.list(directory)) ?? [];
      proxy.reset();
      for (const file of files) {
        const source = await store.open(file.path, refOf(file));
        assert.equal(Buffer.from(await source.read(0, file.sizeBytes)).toString(), file.path);
        await source.close();
      }
      assert.deepEqual([...proxy.countByOp()], [['OPEN', 20]]);
    }));
});

describe('an upload to HDFS', { skip }, () => {
  if (cluster === undefined) return;

  it('that is cut short is no success, and leaves nothing once it is given up', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      for (const afterBytes of [0, 1, 700_000]) {
        const path = `${directory}/${afterBytes}`;
        proxy.ambush(({ op, to }) => op === 'CREATE' && to === 'datanode', {
          kind: 'cut-upload',
          afterBytes,
        });
        const sink = await store.create(path);
        const writing = (async () => {
          for (let i = 0; i < 10; i++) await sink.write(randomBytes(500_000));
          await sink.close();
        })();
        const error = await failureOf(writing);
        assert.deepEqual([error.code, error.outcomeUnknown, error.path], ['no-answer', true, path]);
        await sink.abort();
        assert.equal(await store.stat(path), undefined);
      }
    }));

  it('is refused as the DataNode says, at whatever time', () =>
    behindProxy(cluster, async ({ store, directory }) => {
      const set = (params: Readonly<Record<string, number>>) =>
        hdfs(cluster, { method: 'PUT', op: 'SETQUOTA', path: directory, params });
      await set({ namespacequota: 2 });
      await put(store, `${directory}/a`, 'a');
      await refuses('quota-exceeded', store.create(`${directory}/b`));
      await set({ namespacequota: 100, storagespacequota: 3 * 2 ** 20 });
      const sink = await store.create(`${directory}/c`, { blockSizeBytes: 2 ** 20, replication: 1 });
      const writing = (async () => {
        for (let i = 0; i < 50; i++) await sink.write(randomBytes(500_000));
        await sink.close();
      })();
      const error = await failureOf(writing);
      // The DataNode says why and resets the connection; the reset may overtake what it said.
      assert.match(error.code, /^(quota-exceeded|no-answer)$/, error.message);
      await sink.abort();
      assert.equal(await store.stat(`${directory}/c`), undefined);
    }));

  it('whose answer is lost is looked at and not sent again: in length, id and checksum it is what was sent', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      const isIt = ({ op, to }: ProxiedRequest): boolean => op === 'CREATE' && to === 'datanode';
      const ambush = proxy.ambush(isIt, { kind: 'lose-reply' });
      proxy.reset();
      const bytes = randomBytes(900_000);
      const sink = await store.create(`${directory}/a`, { blockSizeBytes: 2 ** 20, replication: 1 });
      await sink.write(bytes);
      await sink.close();
      assert.equal(ambush.times(), 1);
      assert.equal(proxy.requests.filter(isIt).length, 1, 'sent once');
      assert.ok(proxy.requests.some(({ op }) => op === 'GETFILECHECKSUM'));
      const status = await store.stat(`${directory}/a`);
      assert.equal(status?.sizeBytes, bytes.length);
    }));

  it('gives up when the DataNode stands still', () =>
    behindProxy(
      cluster,
      async ({ store, proxy, directory }) => {
        const never = new Promise(() => {});
        const isIt = ({ op, to }: ProxiedRequest): boolean => op === 'CREATE' && to === 'datanode';
        // It has done all and only does not say so: that is seen.
        proxy.ambush(isIt, { kind: 'pause', when: 'after', until: never });
        await put(store, `${directory}/a`, 'abc');
        assert.equal(await get(store, `${directory}/a`), 'abc');
        proxy.ambush(isIt, { kind: 'pause', when: 'before', until: never });
        const never2 = await failureOf(put(store, `${directory}/b`, 'abc'));
        assert.deepEqual([never2.status, never2.outcomeUnknown], ['ETIMEDOUT', true]);
      },
      { timeoutMs: 1_000 },
    ));

  it('that is given up removes its own file only', () =>
    behindProxy(cluster, async ({ store, directory }) => {
      const path = `${directory}/a`;
      const sink = await store.create(path);
      await sink.write(Buffer.from('ours'));
      await hdfs(cluster, {
        method: 'PUT',
        op: 'CREATE',
        path,
        params: { overwrite: true },
        body: Buffer.from('theirs'),
      });
      await sink.abort();
      assert.equal(await get(storeOn(cluster, { userName: cluster.superuser }), path), 'theirs');
    }));

  it('does not send on a rename or a replacement that the server did not understand', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      await twoFiles(store, directory);
      const no: Fault = { kind: 'answer', status: 200, body: '{"boolean":false}' };
      const once = (): void => {
        proxy.ambush(({ op }) => op === 'RENAME', no);
      };
      once();
      await refuses('rename-overwrite-not-supported', store.replaceFile(`${directory}/a`, `${directory}/b`));
      once();
      await refuses('exists', store.rename(`${directory}/a`, `${directory}/b`));
      once();
      await refuses('not-found', store.rename(`${directory}/no`, `${directory}/c`));
      once();
      await refuses('not-found', store.rename(`${directory}/a`, `${directory}/no/c`));
      once();
      await refuses('rename-refused', store.rename(`${directory}/a`, `${directory}/c`));
    }));

  it('replaces a file by its name, looked at just before, where the server knows no files by their id', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      await twoFiles(store, directory);
      const [a, to, c] = [`${directory}/a`, `${directory}/b`, `${directory}/c`];
      await put(store, c, 'third');
      let fileId = (await store.stat(to))?.fileId ?? '';
      const isById = ({ op, params }: ProxiedRequest): boolean =>
        op === 'RENAME' && params.get('destination') === `/.reserved/.inodes/${fileId}`;
      const unknown = [
        remoteException(404, 'FileNotFoundException', 'java.io.FileNotFoundException', 'no such mount point'),
        remoteException(403, 'IOException', 'java.io.IOException', 'in no namespace of the source'),
      ];
      for (const fault of unknown) {
        const laid = proxy.ambush(isById, fault);
        await refuses('not-found', store.replaceFile(`${directory}/no`, to, fileId));
        assert.equal(laid.times(), 1);
      }
      for (const [from, fault] of [
        [a, unknown[0]],
        [c, unknown[1]],
      ] as const) {
        fileId = (await store.stat(to))?.fileId ?? '';
        const bytes = await get(store, from);
        if (fault !== undefined) proxy.ambush(isById, fault);
        await store.replaceFile(from, to, fileId);
        assert.equal(await get(store, to), bytes);
      }
    }));

  it('moves back what an older rename moved into a directory', () =>
    behindProxy(cluster, async ({ store, proxy, directory }) => {
      await twoFiles(store, directory);
      await store.makeDirectory(`${directory}/d`, 0o755);
      const old = ({ params, path }: ProxiedRequest): Promise<void> =>
        hdfs(cluster, {
          method: 'PUT',
          op: 'RENAME',
          path,
          params: { destination: params.get('destination') ?? '' },
        }).then(() => {});
      const answerOf = (path: string): void => {
        proxy.ambush(({ op, path: from }) => op === 'RENAME' && from === path, {
          kind: 'answer',
          status: 200,
          body: '{"boolean":true}',
        });
      };
      // A stand-in for such a server: what it does is done behind its back.
      await old({
        params: new URLSearchParams({ destination: `${directory}/d` }),
        path: `${directory}/a`,
      } as ProxiedRequest);
      answerOf(`${directory}/a`);
      await refuses('exists', store.rename(`${directory}/a`, `${directory}/d`));
      assert.equal(await get(store, `${directory}/a`), 'aa');
      assert.deepEqual(await store.list(`${directory}/d`), []);
    }));
});
