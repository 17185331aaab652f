import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import type { Call, WebHdfsClient } from '../../src/store/webhdfs/client.ts';
import { encryptionZoneOf } from '../../src/store/webhdfs/encryption-zone.ts';
import { looksOf } from '../../src/store/webhdfs/look.ts';
import { remoteQuotas } from '../../src/store/webhdfs/quotas.ts';
import { whoAsks } from '../../src/store/webhdfs/who-asks.ts';

/** A client whose every answer is made here; what is not answered is not found. */
function madeClient(answer: (call: Call) => unknown): {
  readonly client: WebHdfsClient;
  readonly asked: readonly string[];
} {
  const asked: string[] = [];
  const client: Pick<WebHdfsClient, 'uri' | 'json'> = {
    uri: 'hdfs://nn:8020',
    json: async (call) => {
      asked.push(`${call.operation} ${call.path}`);
      const told = answer(call);
      if (told === undefined) throw refusal('not-found', 'FileNotFoundException');
      return told;
    },
  };
  // Only these two are used by what is tested.
  return { client: client as WebHdfsClient, asked };
}

function refusal(code: string, remoteException: string, message = 'no'): StoreError {
  return new StoreError(message, { code, op: 'stat', path: '/', remoteException });
}

const statusOf = (facts: Readonly<Record<string, unknown>> = {}) => ({
  FileStatus: {
    type: 'DIRECTORY',
    fileId: 7,
    length: 0,
    modificationTime: 1,
    owner: 'etl',
    group: 'lake',
    permission: '755',
    ...facts,
  },
});

const usage = (entries: number, quota = -1, spaceQuota = -1) => ({
  QuotaUsage: { fileAndDirectoryCount: entries, quota, spaceQuota, spaceConsumed: 40 },
});

/** The root has a quota of names that is none. */
const root = usage(50, 2 ** 63);

test('quotas are asked from the directory up, and who has none is not asked again', async () => {
  const told: Readonly<Record<string, unknown>> = {
    '/': root,
    '/a': usage(20, 100, 500),
    '/a/b': usage(10),
    '/a/b/c': usage(5),
  };
  const { client, asked } = madeClient(({ operation, path }) =>
    operation === 'GETFILESTATUS' ? statusOf() : told[path],
  );
  const quotas = remoteQuotas(client, looksOf(client));
  const expected = {
    quotas: [
      { path: '/a', of: 'names', limit: 100, used: 20 },
      { path: '/a', of: 'space', limit: 500, used: 40 },
    ],
    notAsked: [],
  };
  assert.deepEqual(await quotas('/a/b/c'), expected);
  assert.deepEqual(asked, [
    'GETFILESTATUS /a/b/c',
    'GETQUOTAUSAGE /a/b/c',
    'GETQUOTAUSAGE /a/b',
    'GETQUOTAUSAGE /a',
    'GETQUOTAUSAGE /',
  ]);
  assert.deepEqual(await quotas('/a/b/c'), expected);
  assert.deepEqual(asked.slice(5), ['GETQUOTAUSAGE /a']);
});

test('above a directory of more than a million entries only the root is asked, and who may not ask says so', async () => {
  const told: Readonly<Record<string, unknown>> = {
    '/': usage(9_000_000, 10_000_000),
    '/a/b/c': usage(1_000_001),
  };
  const { client, asked } = madeClient(({ operation, path }) =>
    operation === 'GETFILESTATUS' ? statusOf() : told[path],
  );
  const report = await remoteQuotas(client, looksOf(client))('/a/b/c');
  assert.deepEqual(report.notAsked, ['/a/b', '/a']);
  assert.deepEqual(report.quotas, [{ path: '/', of: 'names', limit: 10_000_000, used: 9_000_000 }]);
  assert.ok(!asked.includes('GETQUOTAUSAGE /a/b'));

  const closed = madeClient(({ operation, path }) => {
    if (operation === 'GETFILESTATUS') return statusOf();
    if (path === '/a') throw refusal('permission-denied', 'AccessControlException');
    return path === '/' ? root : usage(1);
  });
  const refused = remoteQuotas(closed.client, looksOf(closed.client));
  assert.deepEqual(await refused('/a/b'), { quotas: [], notAsked: ['/a'] });
  assert.deepEqual(await refused('/a/b'), { quotas: [], notAsked: ['/a'] });
  assert.equal(closed.asked.filter((call) => call === 'GETQUOTAUSAGE /a').length, 1);
});

test('a directory that is not there has no quota; an old server is asked for a content summary; types count', async () => {
  const { client, asked } = madeClient(({ operation, path }) => {
    if (operation === 'GETFILESTATUS') return undefined;
    if (operation === 'GETQUOTAUSAGE') throw refusal('not-supported', 'IllegalArgumentException');
    const summary = { fileCount: 3, directoryCount: 1, quota: -1, spaceQuota: -1 };
    const typeQuota = { SSD: { quota: 9, consumed: 4 } };
    return { ContentSummary: path === '/' ? { ...summary, typeQuota } : { ...summary, quota: 10 } };
  });
  assert.deepEqual((await remoteQuotas(client, looksOf(client))('/a/_consolidation')).quotas, [
    { path: '/a', of: 'names', limit: 10, used: 4 },
    { path: '/', of: 'SSD', limit: 9, used: 4 },
  ]);
  assert.ok(!asked.includes('GETQUOTAUSAGE /a/_consolidation'));
});

test('the root of an encryption zone is told by the place of the trash, else by the uppermost encrypted directory', async () => {
  const encrypted = new Set(['/z', '/z/y', '/z/y/x']);
  const statuses = ({ operation, path }: Call): unknown =>
    operation === 'GETFILESTATUS' ? statusOf({ encBit: encrypted.has(path) }) : undefined;
  const zone = async (directory: string, trash: (path: string) => unknown) => {
    const { client } = madeClient((call) =>
      call.operation === 'GETTRASHROOT' ? trash(call.path) : statuses(call),
    );
    return encryptionZoneOf(client, looksOf(client), directory);
  };
  // A zone within a zone.
  assert.equal(
    await zone('/z/y/x', (path) => (path === '/z/y/x/x' ? { Path: '/z/y/.Trash/etl' } : undefined)),
    '/z/y',
  );
  assert.equal(await zone('/z/y/x', () => ({ Path: '/user/etl/.Trash' })), '/z');
  const unknown = (): never => {
    throw refusal('not-supported', 'IllegalArgumentException');
  };
  assert.equal(await zone('/z/y/x', unknown), '/z');
  assert.equal(await zone('/plain', unknown), undefined);
});

test('who asks is told by the home directory, and a superuser by what is refused to others', async () => {
  const who = async (answer: (call: Call) => unknown) => {
    const { client, asked } = madeClient(answer);
    const made = whoAsks(client);
    return { name: await made.userName(), again: await made.userName(), is: await made.isSuperuser(), asked };
  };
  const home = { Path: '/user/etl' };
  const answer = (error: StoreError) => (call: Call) => {
    if (call.operation === 'GETHOMEDIRECTORY') return home;
    throw error;
  };
  const plain = await who(answer(refusal('permission-denied', 'AccessControlException')));
  assert.deepEqual([plain.name, plain.again, plain.is], ['etl', 'etl', false]);
  assert.equal(plain.asked.length, 2);
  const missing = 'IOException: At least one of the attributes provided was not found.';
  assert.equal((await who(answer(refusal('store-failed', 'IOException', missing)))).is, true);
  assert.equal(
    (await who(answer(refusal('store-failed', 'IOException', 'XAttrs have been disabled')))).is,
    undefined,
  );
});
