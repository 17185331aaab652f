import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type HdfsCluster, noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { newDirectory, removeDirectory } from './webhdfs-under-test.ts';

const run = promisify(execFile);
const cluster = await sharedCluster();
const passphrase = 'no secret';

/** A key for `localhost` with a certificate signed by itself, made by Java's own tool. */
async function makeKey(directory: string): Promise<{ pfx: Buffer; certificatePath: string }> {
  const [store, certificatePath] = [join(directory, 'key.p12'), join(directory, 'certificate.pem')];
  const keytool =
    process.env.JAVA_HOME === undefined ? 'keytool' : join(process.env.JAVA_HOME, 'bin', 'keytool');
  const key = ['-alias', 'test', '-keystore', store, '-storetype', 'PKCS12', '-storepass', passphrase];
  await run(keytool, [
    ...['-genkeypair', ...key, '-keyalg', 'EC', '-dname', 'CN=localhost'],
    ...['-ext', 'san=dns:localhost', '-ext', 'bc:c=ca:true', '-validity', '2'],
  ]);
  await run(keytool, ['-exportcert', '-rfc', ...key, '-file', certificatePath]);
  return { pfx: await readFile(store), certificatePath };
}

/** Servers that speak TLS in front of those of a cluster. */
interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

/** @param redirectsToTls whether redirects lead to TLS, too, or to the DataNode itself */
async function tlsFront(cluster: HdfsCluster, pfx: Buffer, redirectsToTls: boolean): Promise<TlsFront> {
  const servers: Server[] = [];
  const listen = async (upstreamPort: number, location: (to: string) => string): Promise<number> => {
    const server = createServer({ pfx, passphrase }, (incoming, outgoing) => {
      const onward = request(
        {
          host: cluster.host,
          port: upstreamPort,
          method: incoming.method,
          path: incoming.url,
          headers: incoming.headers,
        },
        (reply) => {
          const { location: to } = reply.headers;
          outgoing.writeHead(reply.statusCode ?? 502, {
            ...reply.headers,
            ...(to === undefined ? {} : { location: location(to) }),
          });
          reply.pipe(outgoing);
        },
      );
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return address.port;
  };
  const dataPort = await listen(cluster.dataNodeHttpPort, (to) => to);
  const port = await listen(cluster.httpPort, (to) => {
    const url = new URL(to);
    return redirectsToTls ? `https://localhost:${dataPort}${url.pathname}${url.search}` : to;
  });
  return {
    port,
    close: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

describe('HDFS over TLS', { skip: cluster === undefined ? noHdfs : false }, () => {
  if (cluster === undefined) return;

  it('is read and written where the certificate is trusted and every step is TLS', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'webhdfs-tls-'));
    const directory = await newDirectory(cluster);
    const child = fileURLToPath(new URL('webhdfs-tls-child.ts', import.meta.url));
    const fronts: TlsFront[] = [];
    const outcome = async (
      front: TlsFront,
      trusted: string | undefined,
    ): Promise<Record<string, unknown>> => {
      const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
      const { stdout } = await run(
        process.execPath,
        ['--import', 'tsx', child, String(front.port), directory],
        {
          env: {
            ...env,
            HADOOP_USER_NAME: cluster.superuser,
            ...(trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: trusted }),
          },
        },
      );
      return JSON.parse(stdout);
    };
    try {
      const { pfx, certificatePath } = await makeKey(temporary);
      const whole = await tlsFront(cluster, pfx, true);
      const half = await tlsFront(cluster, pfx, false);
      fronts.push(whole, half);
      const stranger = await outcome(whole, undefined);
      assert.deepEqual(
        [stranger.code, stranger.status, stranger.outcomeUnknown],
        ['unreachable', 'DEPTH_ZERO_SELF_SIGNED_CERT', false],
      );
      assert.match(String(stranger.hint), /--ca-file/);
      assert.equal((await outcome(half, certificatePath)).code, 'bad-redirect');
      assert.deepEqual(await outcome(whole, certificatePath), { names: ['a'], text: 'over TLS' });
    } finally {
      await Promise.all(fronts.map((front) => front.close()));
      await removeDirectory(cluster, directory);
      await rm(temporary, { recursive: true });
    }
  });
});
