import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { type CrcKind, crcOf } from '../../src/store/webhdfs/crc32.ts';
import { agrees, checksumMaker } from '../../src/store/webhdfs/stored-checksum.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { hdfs, hdfsJson } from '../support/hdfs-request.ts';
import { refuses } from './store-contract.ts';
import { behindProxy, uploadsAgree } from './webhdfs-under-test.ts';

/** The CRC as its definition has it, bit by bit. */
function plainCrc(kind: CrcKind, bytes: Uint8Array): number {
  const polynomial = kind === 'CRC32C' ? 0x82f63b78 : 0xedb88320;
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  }
  return ~crc;
}

describe('CRC', () => {
  it('has the published check values', () => {
    const check = Buffer.from('123456789');
    assert.equal(crcOf('CRC32C').extend(0, check, 0, 9) >>> 0, 0xe3069283);
    assert.equal(crcOf('CRC32').extend(0, check, 0, 9) >>> 0, 0xcbf43926);
    // RFC 3720, appendix B.4
    assert.equal(crcOf('CRC32C').extend(0, new Uint8Array(32), 0, 32) >>> 0, 0x8a9136aa);
  });

  it('is that of its definition, in one piece or in several, or joined of parts', () => {
    const kinds = fc.constantFrom<CrcKind>('CRC32C', 'CRC32');
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 600 }), fc.nat(600), (kind, bytes, at) => {
        const crc = crcOf(kind);
        const cut = Math.min(at, bytes.length);
        const whole = plainCrc(kind, bytes);
        const head = crc.extend(0, bytes, 0, cut);
        assert.equal(crc.extend(0, bytes, 0, bytes.length), whole);
        assert.equal(crc.extend(head, bytes, cut, bytes.length), whole);
        assert.equal(crc.joiner(bytes.length - cut)(head, crc.extend(0, bytes, cut, bytes.length)), whole);
      }),
    );
  });
});

describe('checksum of a file', () => {
  it('does not depend on how its bytes come', () => {
    const shape = { crc: 'CRC32C', bytesPerCrc: 512, blockBytes: 2048 } as const;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6000 }), fc.array(fc.nat(3000)), (bytes, sizes) => {
        const [whole, parts] = [checksumMaker(shape), checksumMaker(shape)];
        whole.update(bytes);
        let at = 0;
        for (const size of sizes) {
          parts.update(bytes.subarray(at, at + size));
          at = Math.min(bytes.length, at + size);
        }
        parts.update(bytes.subarray(at));
        const ended = whole.end();
        assert.deepEqual(parts.end(), ended);
        assert.equal(Number.parseInt(ended.crc, 16), plainCrc('CRC32C', bytes) >>> 0);
      }),
    );
  });

  it('has no word on a checksum of another kind', () => {
    const maker = checksumMaker({ crc: 'CRC32C', bytesPerCrc: 512, blockBytes: 2048 });
    maker.update(randomBytes(5000));
    const own = maker.end();
    for (const algorithm of [
      'MD5-of-0MD5-of-1024CRC32C',
      'MD5-of-0MD5-of-512CRC32',
      'COMPOSITE-CRC32',
      'SHA-256',
    ]) {
      assert.equal(agrees(own, { algorithm, bytes: own.crc }), undefined, algorithm);
    }
    assert.equal(agrees(own, { algorithm: 'COMPOSITE-CRC32C', bytes: own.crc }), true);
    assert.equal(agrees(own, { algorithm: 'COMPOSITE-CRC32C', bytes: '00000000' }), false);
  });
});

const cluster = await sharedCluster();

describe('uploads to HDFS', { skip: cluster === undefined ? noHdfs : false }, () => {
  if (cluster === undefined) return;

  it('are held against the MD5 of the blocks’ MD5s, without reading back', async () => {
    await behindProxy(cluster, async ({ store, proxy, directory }) => {
      await uploadsAgree(store, directory);
      const stored = await hdfsJson(cluster, {
        method: 'GET',
        op: 'GETFILECHECKSUM',
        path: `${directory}/5000001-1048576`,
      });
      assert.match(JSON.stringify(stored), /MD5-of-2048MD5-of-512CRC32C/);
      // Each file is read by this test, once, and by nobody else.
      assert.equal(proxy.countByOp().get('OPEN'), 8);
    });
  });

  it('that arrive damaged are found out', async () => {
    await behindProxy(cluster, async ({ store, proxy, directory }) => {
      const path = `${directory}/a`;
      const sink = await store.create(path);
      await sink.write(randomBytes(10_000));
      // Same length, other bytes: put there right before the store is asked for the checksum.
      proxy.ambush(({ op, to }) => op === 'GETFILECHECKSUM' && to === 'namenode', {
        kind: 'call',
        when: 'before',
        action: async () => {
          await hdfs(cluster, {
            method: 'PUT',
            op: 'CREATE',
            path,
            params: { overwrite: true },
            body: randomBytes(10_000),
          });
        },
      });
      await refuses('upload-damaged', sink.close());
      const short = await store.create(`${directory}/b`);
      await short.write(randomBytes(10_000));
      proxy.ambush(({ op }) => op === 'GETFILESTATUS', {
        kind: 'call',
        when: 'before',
        action: async () => {
          await hdfs(cluster, {
            method: 'PUT',
            op: 'CREATE',
            path: `${directory}/b`,
            params: { overwrite: true },
            body: randomBytes(9_999),
          });
        },
      });
      await refuses('upload-damaged', short.close());
    });
  });

  it('are read back where the checksum is of another kind', async () => {
    await behindProxy(cluster, async ({ store, proxy, directory }) => {
      proxy.ambush(
        ({ op, to }) => op === 'GETFILECHECKSUM' && to === 'datanode',
        { kind: 'answer', status: 200, body: '{"FileChecksum":{"algorithm":"NONE","bytes":"","length":0}}' },
        { times: 2 },
      );
      const whole = await store.create(`${directory}/a`);
      await whole.write(randomBytes(3_000_000));
      await whole.close();
      assert.equal(proxy.countByOp().get('OPEN'), 1);
      const damaged = await store.create(`${directory}/b`);
      await damaged.write(randomBytes(10_000));
      proxy.ambush(({ op, to }) => op === 'OPEN' && to === 'datanode', {
        kind: 'answer',
        status: 200,
        body: 'x'.repeat(10_000),
      });
      await refuses('upload-damaged', damaged.close());
    });
  });

  it('are held against one CRC of the whole where that is what is stored', async () => {
    await behindProxy(cluster, async ({ store, proxy, directory }) => {
      const bytes = randomBytes(2_500_001);
      const answerWith = (crc: string): void => {
        proxy.ambush(({ op, to }) => op === 'GETFILECHECKSUM' && to === 'datanode', {
          kind: 'answer',
          status: 200,
          body: `{"FileChecksum":{"algorithm":"COMPOSITE-CRC32C","bytes":"${crc}","length":4}}`,
        });
      };
      const upload = async (path: string): Promise<void> => {
        const sink = await store.create(path, { blockSizeBytes: 2 ** 20, replication: 1 });
        await sink.write(bytes);
        await sink.close();
      };
      const whole = (plainCrc('CRC32C', bytes) >>> 0).toString(16).padStart(8, '0');
      answerWith(whole);
      await upload(`${directory}/a`);
      answerWith(whole.replace(/^./, (digit) => (digit === '0' ? '1' : '0')));
      await refuses('upload-damaged', upload(`${directory}/b`));
      assert.equal(proxy.countByOp().get('OPEN'), undefined);
      // What a cluster says itself, asked in a way that WebHDFS does not know.
      const script = fileURLToPath(new URL('../../scripts/local-hdfs.sh', import.meta.url));
      const { stdout } = await promisify(execFile)(script, [
        ...['dfs', '--state', cluster.stateDirectory, '-Ddfs.checksum.combine.mode=COMPOSITE_CRC'],
        ...['-checksum', `${directory}/a`],
      ]);
      assert.deepEqual(stdout.trim().split(/\s+/), [`${directory}/a`, 'COMPOSITE-CRC32C', whole]);
    });
  });
});
