import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { readTlsFiles } from '../../src/cli/tls-files.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { ConfigError, StoreError } from '../../src/core/errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import type { TlsMaterial } from '../../src/store/webhdfs/cluster.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { consolidateWords, date, endingOf, usualFiles } from '../hdfs/fault-bench.ts';
import { makeAuthority } from '../support/certificates.ts';
import { noHdfs } from '../support/hdfs-cluster.ts';
import { unlessUnavailable } from '../support/hdfs-daemons.ts';
import { everyIdOnce, idsIn } from '../support/hdfs-reader.ts';
import { startTlsHdfs, type TlsHdfs } from '../support/tls-hdfs.ts';

async function materialOf({
  authority,
  client,
}: Pick<TlsHdfs, 'authority' | 'client'>): Promise<Required<Omit<TlsMaterial, 'passphrase'>>> {
  const [ca, certificate, key] = await Promise.all(
    [authority.certificate, client.certificate, client.key].map((path) => readFile(path, 'utf8')),
  );
  return { ca: ca ?? '', certificate: certificate ?? '', key: key ?? '' };
}

async function put(store: Store, path: string, bytes: Uint8Array): Promise<void> {
  const sink = await store.create(path);
  await sink.write(bytes);
  await sink.close();
}

const hdfs = await unlessUnavailable(() =>
  startTlsHdfs(async (starting) => {
    const store = starting.store(await materialOf(starting));
    try {
      await store.deleteFile('/probe');
      await put(store, '/probe', Buffer.from('x'));
      return true;
    } catch {
      return false;
    }
  }),
);
const skip = hdfs === undefined ? noHdfs : false;
const servers: Server[] = [];
after(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await hdfs?.stop();
});

async function failureOf(work: Promise<unknown>): Promise<StoreError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof StoreError, String(error));
    return error;
  }
  throw new Error('it succeeded');
}

test('a partition is consolidated on a cluster that speaks nothing but TLS', { skip }, async () => {
  if (hdfs === undefined) return;
  const store = hdfs.store(await materialOf(hdfs));
  const files = await usualFiles();
  const partition = `/tls/date=${date}`;
  await store.makeDirectory(partition, 0o755);
  for (const { name, bytes } of files) await put(store, `${partition}/${name}`, bytes);
  const env = {
    HADOOP_USER_NAME: hdfs.superuser,
    HADOOP_CONF_DIR: hdfs.conf,
    HDFS_CA_FILE: hdfs.authority.certificate,
    HDFS_CLIENT_CERTIFICATE_FILE: hdfs.client.certificate,
    HDFS_CLIENT_KEY_FILE: hdfs.client.key,
  };
  const words = [...consolidateWords, '--output', 'json', '--base-path'];
  // The policy of the cluster says that hdfs: is TLS too; the other names the server itself.
  const run = await runCliInProcess([...words, '/tls'], env);
  assert.equal(run.exit, 0, run.stderr);
  assert.equal(endingOf(run), 'small-files');
  const again = await runCliInProcess([...words, `swebhdfs://${hdfs.server}/tls`], env);
  assert.equal(endingOf(again), 'nothing-to-merge');

  const entries = (await store.list(partition)) ?? [];
  assert.equal(entries.length, 1);
  const ids: number[] = [];
  for (const entry of entries) {
    const source = await store.open(entry.path, refOf(entry));
    ids.push(...(await idsIn(await source.read(0, source.sizeBytes))));
    await source.close();
  }
  assert.equal(everyIdOnce(ids, new Set(files.flatMap((file) => file.ids))), undefined);

  const lacking = await runCliInProcess([...words, '/tls'], { ...env, HDFS_CA_FILE: '' });
  assert.equal(lacking.exit, 10);
  assert.match(lacking.stderr, /the certificate of localhost:\d+ is not trusted/);
  assert.match(
    lacking.stdout + lacking.stderr,
    /--ca-file .*keytool -list -rfc -keystore \S+authority-trust\.p12/s,
  );
  const half = await runCliInProcess([...words, '/tls'], { ...env, HDFS_CLIENT_KEY_FILE: '' });
  assert.equal(half.exit, 2);
  assert.match(half.stderr, /hdfs\.tls_certificate_file is set and hdfs\.tls_key_file is not/);
  const store12 = await runCliInProcess([...words, '/tls'], { ...env, HDFS_CA_FILE: hdfs.client.store });
  assert.equal(store12.exit, 2);
  assert.match(
    store12.stderr,
    /hdfs\.tls_ca_file \(environment variable HDFS_CA_FILE\) names .*\.p12, which holds no certificate in PEM form/,
  );
});

test('who is not who he should be is refused, before anything is sent', { skip }, async (t) => {
  if (hdfs === undefined) return;
  const material = await materialOf(hdfs);
  await t.test('a server with a certificate of another authority', async () => {
    const other = await makeAuthority(hdfs.directory, 'other');
    const store = hdfs.store({ ...material, ca: await readFile(other.certificate, 'utf8') });
    const error = await failureOf(store.list('/'));
    assert.deepEqual([error.code, error.exitCode, error.outcomeUnknown], ['unreachable', 10, false]);
    assert.match(String(error.status), /CERT|ISSUER|SIGNATURE/);
  });

  await t.test('even when the process is told to trust everybody', async () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      const { ca: _, ...withoutCa } = material;
      assert.equal((await failureOf(hdfs.store(withoutCa).list('/'))).code, 'unreachable');
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  await t.test('a server with the name of another host', async () => {
    const place = {
      kind: 'hdfs',
      scheme: 'swebhdfs',
      host: '127.0.0.1',
      webHdfsPort: hdfs.httpsPort,
      path: '/',
    } as const;
    const { store } = openStore(place, { userName: hdfs.superuser, maxRetries: 0, tls: material });
    assert.equal((await failureOf(store.list('/'))).status, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  await t.test('a client without a certificate', async () => {
    const error = await failureOf(hdfs.store({ ca: material.ca }).list('/'));
    assert.equal(error.exitCode, 10);
    assert.match(error.message, /certificate required|ECONNRESET|socket hang up|bad certificate/i);
  });
});

test('a redirect leads neither to plain HTTP nor to strangers, and takes no credentials along', {
  skip,
}, async (t) => {
  if (hdfs === undefined) return;
  const material = await materialOf(hdfs);
  const issued = await hdfs.authority.issue('names', ['localhost', 'dn.example.com']);
  const tls = { key: await readFile(issued.key), cert: await readFile(issued.certificate) };
  const listening = async (server: Server): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    return address.port;
  };
  const seen: string[] = [];
  const plain = createPlainServer((request, response) => {
    seen.push(`plain ${request.url}`);
    response.end('secret');
  });
  await new Promise<void>((resolve) => plain.listen(0, 'localhost', resolve));
  t.after(() => plain.close());
  const plainAddress = plain.address();
  assert.ok(plainAddress !== null && typeof plainAddress === 'object');
  let location = '';
  let liveNodes = '{}';
  const port = await listening(
    createServer(tls, (request, response) => {
      if (request.url?.startsWith('/jmx') === true) {
        response.end(JSON.stringify({ beans: [{ LiveNodes: liveNodes }] }));
      } else response.writeHead(307, { location }).end();
    }),
  );
  const data = await listening(
    createServer(tls, (request, response) => {
      seen.push(`${request.url} ${JSON.stringify(request.headers)}`);
      response.end('x');
    }),
  );
  const read = async (to: string, allowedRedirectHosts?: readonly string[]): Promise<Uint8Array> => {
    location = to;
    const { store } = openStore(
      { kind: 'hdfs', scheme: 'swebhdfs', host: 'localhost', webHdfsPort: port, path: '/' },
      {
        userName: 'etl',
        maxRetries: 0,
        tls: { ca: material.ca },
        ...(allowedRedirectHosts === undefined ? {} : { allowedRedirectHosts }),
      },
    );
    const source = await store.open('/a', { name: 'a', fileId: '17', sizeBytes: 1, modifiedAtMs: 0 });
    return await source.read(0, 1);
  };

  const downgrade = await failureOf(read(`http://localhost:${plainAddress.port}/a?delegation=TOKEN`));
  assert.equal(downgrade.code, 'bad-redirect');
  assert.match(downgrade.message, /from TLS to the unprotected http:\/\/localhost:\d+$/);
  assert.deepEqual(seen, [], 'nothing was sent there');

  const stranger = await failureOf(read('https://elsewhere.example.com/a?delegation=TOKEN'));
  assert.equal(stranger.code, 'unexpected-redirect');
  assert.match(stranger.message, /which is not known to be a DataNode of the cluster$/);
  assert.match(String(stranger.hint), /hdfs\.allowed_redirect_hosts/);
  const other = await failureOf(
    read('https://elsewhere.example.com/a', ['dn.example.com', '.corp.example.com']),
  );
  assert.match(
    other.message,
    /none of the hosts that are allowed \(dn\.example\.com, \.corp\.example\.com\)$/,
  );
  for (const error of [downgrade, stranger, other])
    assert.doesNotMatch(error.message + String(error.hint), /TOKEN/);

  // A DataNode on the NameNode's list is asked, and its own certificate is checked; no such host exists here.
  liveNodes = JSON.stringify({ 'dn.example.invalid:9866': { infoSecureAddr: '10.1.2.3:9865' } });
  const listed = await failureOf(read('https://dn.example.invalid:9865/a'));
  assert.equal(listed.code, 'unreachable');
  assert.match(String(listed.status), /^(ENOTFOUND|EAI_AGAIN)$/);

  // What HDFS put into the redirect goes along, and nothing of ours does.
  await read(`https://localhost:${data}/a?op=OPEN&delegation=TOKEN`).catch((error: unknown) => {
    assert.ok(error instanceof StoreError);
  });
  assert.equal(seen.length, 1);
  assert.match(seen[0] ?? '', /^\/a\?op=OPEN&delegation=TOKEN /);
  assert.doesNotMatch(seen[0] ?? '', /user\.name|authorization|cookie/i);
});

test('a key may be encrypted, with its passphrase in a file', { skip }, async () => {
  if (hdfs === undefined) return;
  const [key, passphrase] = [join(hdfs.directory, 'encrypted.key'), join(hdfs.directory, 'passphrase')];
  await promisify(execFile)('openssl', [
    ...['ec', '-aes256', '-in', hdfs.client.key, '-out', key],
    ...['-passout', 'pass:open sesame'],
  ]);
  await writeFile(passphrase, 'open sesame\n');
  const settings = await loadSettings({
    flags: { 'base-path': `swebhdfs://${hdfs.server}/`, 'ca-file': hdfs.authority.certificate },
    env: {
      HDFS_CLIENT_CERTIFICATE_FILE: hdfs.client.certificate,
      HDFS_CLIENT_KEY_FILE: key,
      HDFS_CLIENT_KEY_PASSPHRASE_FILE: passphrase,
    },
  });
  assert.ok(((await hdfs.store(await readTlsFiles(settings)).list('/')) ?? []).length > 0);
});

test('files that are no PEM are refused with the setting that names them', { skip }, async () => {
  if (hdfs === undefined) return;
  const empty = join(hdfs.directory, 'empty.pem');
  await writeFile(empty, '');
  const settings = await loadSettings({
    flags: { 'base-path': 'swebhdfs://localhost:1/a', 'ca-file': empty },
    env: {},
  });
  await assert.rejects(readTlsFiles(settings), (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(
      error.message,
      `hdfs.tls_ca_file (flag --ca-file) names ${empty}, which holds no certificate in PEM form`,
    );
    return true;
  });
});
