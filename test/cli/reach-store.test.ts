import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type TestContext, test } from 'node:test';
import { jsonOf, runCli } from './cli-process.ts';
import { date } from './dataset.ts';

/** A server that is no NameNode, and its port. */
async function serve(t: TestContext, answer: RequestListener): Promise<number> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** What the operator hears of a base path that cannot be reached. */
async function refusalOf(basePath: string, env: Record<string, string> = {}) {
  const args = ['--date', date, '--dry-run', '--base-path', basePath, '--output', 'json'];
  const run = await runCli(args, { env: { MAX_RETRIES: '0', HDFS_TIMEOUT_SECONDS: '1', ...env } });
  assert.equal(run.exit, 10, run.stderr);
  const { message, hint, dataState, exitCode } = jsonOf(run).error as Record<string, string | number>;
  assert.equal(dataState, 'nothing was touched');
  assert.equal(exitCode, 10);
  return { message: String(message), hint: String(hint) };
}

test('nothing listens there', async () => {
  const { message, hint } = await refusalOf('hdfs://127.0.0.1:8020/data', { HDFS_WEBHDFS_PORT: '1' });
  assert.equal(
    message,
    'cannot reach hdfs://127.0.0.1:8020/data: nothing listens on 127.0.0.1:1, where WebHDFS should be (connection refused)',
  );
  assert.match(hint, /hdfs getconf -confKey dfs\.namenode\.http-address/);
  assert.match(hint, /hdfs\.webhdfs_port or HDFS_WEBHDFS_PORT/);
  assert.match(hint, /curl -sS 'http:\/\/127\.0\.0\.1:1\/webhdfs\/v1\/\?op=GETFILESTATUS'$/);
  const secure = await refusalOf('swebhdfs://127.0.0.1:1/data');
  assert.match(secure.hint, /dfs\.namenode\.https-address/);
  assert.match(secure.hint, /the port in the URI/);
});

test('a host nobody knows may be the name service of an HA cluster', async () => {
  const { message, hint } = await refusalOf('hdfs://mycluster.invalid/data');
  assert.match(
    message,
    /^cannot reach hdfs:\/\/mycluster\.invalid:8020\/data: the host mycluster\.invalid is not known/,
  );
  assert.match(hint, /name service of an HA cluster/);
});

test('an RPC port that was typed for the HTTP port is recognised', async (t) => {
  const port = await serve(t, (_request, response) => {
    response.writeHead(404, { 'Content-Type': 'text/plain' });
    response.end(
      'It looks like you are making an HTTP request to a Hadoop IPC port. ' +
        'This is not the correct port for the web interface on this daemon.\r\n',
    );
  });
  const typed = await refusalOf(`webhdfs://127.0.0.1:${port}/data`);
  assert.match(typed.message, new RegExp(`127\\.0\\.0\\.1:${port} is an RPC port of Hadoop`));
  assert.equal(
    typed.hint,
    `write hdfs://127.0.0.1:${port}/data, or the HTTP port: webhdfs://127.0.0.1:9870/data`,
  );
  const configured = await refusalOf('hdfs://127.0.0.1:8020/data', { HDFS_WEBHDFS_PORT: String(port) });
  assert.match(configured.hint, /^set hdfs\.webhdfs_port or HDFS_WEBHDFS_PORT to the port of dfs\.namenode/);
});

test('what else may answer: a DataNode, a web page, a cluster with Kerberos, a standby', async (t) => {
  const exception = (name: string, message: string): string =>
    JSON.stringify({ RemoteException: { exception: name, javaClassName: name, message } });
  const cases: readonly [number, string, RegExp, RegExp][] = [
    [
      400,
      exception('IllegalArgumentException', 'Invalid operation GETFILESTATUS'),
      /is a DataNode/,
      /^name the NameNode and its HTTP port/,
    ],
    [200, '<html>Welcome</html>', /is not WebHDFS/, /curl/],
    [401, '<html>Authentication required</html>', /wants proof of who asks/, /Kerberos/],
    [
      403,
      exception('StandbyException', 'Operation category READ is not supported in state standby.'),
      /the NameNode 127\.0\.0\.1 is a standby/,
      /hdfs haadmin -getAllServiceState/,
    ],
  ];
  for (const [status, body, message, hint] of cases) {
    const port = await serve(t, (_request, response) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(body);
    });
    const found = await refusalOf(`webhdfs://127.0.0.1:${port}/data`);
    assert.match(found.message, new RegExp(`^cannot reach webhdfs://127\\.0\\.0\\.1:${port}/data: `));
    assert.match(found.message, message);
    assert.match(found.hint, hint);
  }
});

test('TLS where there is none, and a server that never answers', async (t) => {
  const port = await serve(t, () => {});
  const tls = await refusalOf(`swebhdfs://127.0.0.1:${port}/data`);
  assert.match(tls.message, /does not speak TLS|is not WebHDFS/);
  const silent = await refusalOf(`webhdfs://127.0.0.1:${port}/data`);
  assert.match(silent.message, /does not answer \(ETIMEDOUT\)/);
  assert.match(silent.hint, /firewall/);
});

test('every command says the same about a NameNode that is not there', async () => {
  const env = { MAX_RETRIES: '0', HDFS_BASE_PATH: 'webhdfs://127.0.0.1:1/data' };
  for (const args of [
    ['recover'],
    ['cleanup'],
    ['undo', date],
    ['inspect', 'webhdfs://127.0.0.1:1/data/a'],
  ]) {
    const run = await runCli(args, { env });
    assert.equal(run.exit, 10, args.join(' '));
    assert.match(run.stderr, /^error: cannot reach webhdfs:\/\/127\.0\.0\.1:1\/data.*: nothing listens on/);
    assert.match(
      run.stderr,
      /\n {2}data: {2}nothing was touched\n {2}next: {2}look whether the NameNode runs/,
    );
  }
});
