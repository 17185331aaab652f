import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import { refOf } from '../../src/store/store.ts';
import { type HdfsCluster, noHdfs, ownCluster, sharedCluster } from '../support/hdfs-cluster.ts';
import { hdfsJson } from '../support/hdfs-request.ts';
import { get, put } from './store-contract.ts';
import { behindProxy, newDirectory, storeOn, uploadsAgree } from './webhdfs-under-test.ts';

const isThere = (await sharedCluster()) !== undefined;

/** Resolves with the code of the error that `work` rejects with. */
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (why: unknown) => why,
  );
  assert.ok(error instanceof StoreError, `expected a StoreError, got ${String(error)}`);
  return error.code;
}

describe('HDFS whose daemons fail', { skip: isThere ? false : noHdfs }, () => {
  if (!isThere) return;
  // The other kind of CRC, so that this needs no cluster of its own.
  const started = ownCluster({ properties: { 'dfs.checksum.type': 'CRC32' } });
  let cluster: HdfsCluster | undefined;
  after(() => cluster?.stop());

  it('has uploads held against the kind of CRC that it keeps', async () => {
    cluster = await started;
    const own = cluster;
    await behindProxy(own, async ({ store, proxy, directory }) => {
      await uploadsAgree(store, directory);
      const path = `${directory}/5000001-1048576`;
      const stored = await hdfsJson(own, { method: 'GET', op: 'GETFILECHECKSUM', path });
      assert.match(JSON.stringify(stored), /MD5-of-2048MD5-of-512CRC32"/);
      // Each file is read by this test, once, and by nobody else.
      assert.equal(proxy.countByOp().get('OPEN'), 8);
    });
  });

  it('fails in the middle of a read or a write when the DataNode does, and goes on when it is back', async () => {
    const own = await started;
    const directory = await newDirectory(own);
    const store = storeOn(own, { timeoutMs: 2_000 });
    const text = randomBytes(4_000_000).toString('latin1');
    await put(store, `${directory}/a`, text);
    const status = await store.stat(`${directory}/a`);
    assert.ok(status !== undefined);
    const source = await store.open(status.path, refOf(status));

    await own.pauseDataNode();
    const frozen = source.read(0, status.sizeBytes);
    assert.equal(await codeOf(frozen), 'no-answer');
    await own.resumeDataNode();
    assert.equal(Buffer.from(await source.read(0, status.sizeBytes)).toString(), text);

    const sink = await store.create(`${directory}/b`);
    await sink.write(randomBytes(1_000_000));
    await own.killDataNode();
    const writing = (async () => {
      for (let i = 0; i < 100; i++) await sink.write(randomBytes(1_000_000));
      await sink.close();
    })();
    assert.equal(await codeOf(writing), 'no-answer');
    await sink.abort();
    assert.equal(await store.stat(`${directory}/b`), undefined);
    assert.match(await codeOf(source.read(0, 10)), /unreachable|store-failed/);
    assert.match(await codeOf(store.create(`${directory}/c`)), /unreachable|store-failed/);

    await own.startDataNode();
    assert.equal(await get(storeOn(own, { maxRetries: 5, firstRetryDelayMs: 400 }), `${directory}/a`), text);
    await put(store, `${directory}/c`, 'again');
  });

  it('is not there while the NameNode is not, and is when it is back, over the same store', async () => {
    const own = await started;
    const directory = await newDirectory(own);
    const store = storeOn(own, { timeoutMs: 2_000, maxRetries: 6, firstRetryDelayMs: 100 });
    const hasty = storeOn(own, { timeoutMs: 1_000, maxRetries: 0 });
    await put(store, `${directory}/a`, 'kept');
    await put(hasty, `${directory}/b`, 'kept, too');

    await own.pauseNameNode();
    assert.equal(await codeOf(hasty.stat(`${directory}/a`)), 'no-answer');
    await own.resumeNameNode();

    await own.killNameNode();
    // A connection that was kept open ends without an answer; a new one is refused.
    assert.match(await codeOf(hasty.rename(`${directory}/a`, `${directory}/c`)), /^(unreachable|no-answer)$/);
    const patient = get(store, `${directory}/a`);
    await own.startNameNode();
    assert.equal(await patient, 'kept');
    assert.equal(await get(store, `${directory}/b`), 'kept, too');
    await store.rename(`${directory}/a`, `${directory}/c`);
    assert.equal(await get(store, `${directory}/c`), 'kept');
  });
});
