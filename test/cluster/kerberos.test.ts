import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';
import { type CliRun, jsonOf, runCli, startCli } from '../cli/cli-process.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { HdfsRefusal, hdfs } from '../support/hdfs-request.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { startHttpFsWith } from '../support/httpfs.ts';
import { kerberosModules, skipWithoutKerberos } from '../support/kerberos-module.ts';
import { type KerberosRealm, startRealm } from '../support/kerberos-realm.ts';
import { type SecureHdfs, startSecureHdfs } from '../support/secure-hdfs.ts';

/**
 * A real NameNode and DataNode that believe nobody, and a real KDC. Tokens and cookies live for seconds here, so that every
 * run sees some of them end.
 */
const skip = skipWithoutKerberos();
const date = '2025-08-15';
const tokenMs = 3_000;
const files = skip === false ? await smallFiles(8, { rowsPerFile: 10 }) : [];
let realm: KerberosRealm;
let cluster: SecureHdfs;
let etlKeytab: string;
let bobKeytab: string;
const said: string[] = [];

before(
  async () => {
    if (skip !== false) return;
    realm = await startRealm();
    etlKeytab = await realm.keytab('etl.keytab', 'etl');
    bobKeytab = await realm.keytab('bob.keytab', 'bob');
    cluster = await startSecureHdfs(realm, {
      'dfs.namenode.delegation.token.renew-interval': String(tokenMs),
      'dfs.namenode.delegation.token.max-lifetime': String(2 * tokenMs),
      'hadoop.http.authentication.token.validity': '2',
      'dfs.web.authentication.token.validity': '2',
      'hadoop.proxyuser.httpfs.hosts': '*',
      'hadoop.proxyuser.httpfs.users': '*',
    });
  },
  { timeout: 180_000 },
);

after(async () => {
  await cluster?.stop();
  await realm?.stop();
});

/**
 * Does something that may be repeated, again where the token ended with which the NameNode sent it on to a DataNode: here they live
 * for seconds.
 */
async function whileTokensEnd<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isToken =
        error instanceof HdfsRefusal && /^(InvalidToken|SecurityException)$/.test(error.exception);
      if (!isToken || attempt === 10) throw error;
    }
  }
}

async function dataset(name: string, owner = 'etl'): Promise<string> {
  const base = `/${name}`;
  const partition = `${base}/date=${date}`;
  await Promise.all(
    files.map((file) => whileTokensEnd(() => seedPartition(cluster, { partition, files: [file] }))),
  );
  await Promise.all(
    [base, partition, ...files.map((file) => `${partition}/${file.name}`)].map((path) =>
      hdfs(cluster, { method: 'PUT', op: 'SETOWNER', path, params: { owner, group: owner } }),
    ),
  );
  return base;
}

const digest = (base: string): Promise<string> =>
  whileTokensEnd(() => valuesDigest(cluster, `${base}/date=${date}`));

const dataFiles = async (base: string) => dataFilesOf(await listAll(cluster, `${base}/date=${date}`));

const names = async (base: string): Promise<readonly string[]> =>
  (await dataFiles(base)).map(({ name }) => name);

const withKeytab = (): readonly string[] => ['--keytab', etlKeytab, '--principal', 'etl'];

function environment(env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    METRICS_TEXTFILE: join(realm.directory, 'metrics.prom'),
    ...realm.env,
    NODE_PATH: kerberosModules,
    MAX_RETRIES: '1',
    KRB5CCNAME: '/nonexistent',
    ...env,
  };
}

/** Runs the program, with `--verbose`, and keeps what it says. */
async function cli(
  args: readonly string[],
  base: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const run = await runCli([...args, '--base-path', `${cluster.webHdfsUri}${base}`, '--verbose'], {
    env: environment(env),
  });
  said.push(run.stdout, run.stderr);
  return run;
}

const limit = { skip, timeout: 180_000 } as const;

test(
  'dry run with a ticket, consolidation and undo with a keytab; the token is cancelled at the end',
  limit,
  async () => {
    const base = await dataset('whole-way');
    const before = await digest(base);
    const ticket = await realm.ticket('etl', 'etl', etlKeytab);
    const preview = await cli(['--date', date, '--dry-run'], base, { KRB5CCNAME: ticket });
    assert.equal(preview.exit, 0, preview.stderr);
    assert.match(preview.stdout, /DRY RUN: Would consolidate 8 files/);

    const run = await cli(['--date', date, ...withKeytab()], base);
    assert.equal(run.exit, 0, run.stderr);
    assert.equal((await names(base)).length, 1);
    assert.equal(await digest(base), before);
    const [merged] = await dataFiles(base);
    assert.equal(merged?.owner, 'etl');

    const undone = await cli(['undo', date, ...withKeytab()], base);
    assert.equal(undone.exit, 0, undone.stderr);
    assert.equal(await digest(base), before);

    const log = await cluster.nameNodeLog();
    const of = (what: RegExp): number => log.split('\n').filter((line) => what.test(line)).length;
    const got = of(/Creating password for identifier: \(token for etl/);
    assert.ok(got >= 3, `${got} tokens`);
    assert.ok(got < 20, `${got} tokens: one for each redirect?`);
    assert.ok(of(/Token cancellation requested for identifier: \(token for etl/) >= 3);
  },
);

test(
  'no ticket, an expired one, a principal that the KDC or HDFS does not take: each says what to do',
  limit,
  async () => {
    const base = await dataset('refused');
    const before = await digest(base);
    const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
      cli(['--date', date, ...args], base, env);

    const none = await run([]);
    assert.equal(none.exit, 10);
    assert.match(none.stderr, /there is no Kerberos ticket \(.*\n(.*\n)?.*next: +get a ticket: kinit/);

    const short = await realm.ticket('short', 'etl', etlKeytab, '2s');
    await sleep(3_000);
    const expired = await run([], { KRB5CCNAME: short });
    assert.equal(expired.exit, 10);
    assert.match(expired.stderr, /the Kerberos ticket has expired/);

    const unknown = await run(['--keytab', etlKeytab, '--principal', 'nobody']);
    assert.equal(unknown.exit, 10);
    assert.match(unknown.stderr, /as nobody: no ticket can be had from the keytab/);

    const unreadable = await run(['--keytab', '/nonexistent.keytab', '--principal', 'etl']);
    assert.equal(unreadable.exit, 2);
    assert.match(unreadable.stderr, /cannot read the keytab \/nonexistent\.keytab \(ENOENT\)/);

    const other = await run(['--keytab', bobKeytab, '--principal', 'bob']);
    assert.equal(other.exit, 10);
    assert.match(other.stderr, /Permission denied: user=bob/);

    const wrongHost = await runCli(
      ['--date', date, '--base-path', `webhdfs://127.0.0.1:${cluster.httpPort}${base}`, ...withKeytab()],
      { env: environment({}) },
    );
    assert.equal(wrongHost.exit, 10);
    assert.match(
      wrongHost.stderr,
      /the KDC does not know the server[\s\S]*there is no principal HTTP\/127\.0\.0\.1/,
    );

    const byName = await run([], { HDFS_AUTHENTICATION: 'simple', HADOOP_USER_NAME: 'etl' });
    assert.equal(byName.exit, 10);
    assert.match(byName.stderr, /wants proof of who asks/);

    const noPackage = await run(withKeytab(), { NODE_PATH: '/nonexistent' });
    assert.equal(noPackage.exit, 2);
    assert.match(
      noPackage.stderr,
      /the npm package kerberos is not installed[\s\S]*npm install --prefix \/opt kerberos@7\.0\.0/,
    );

    assert.equal((await names(base)).length, 8);
    assert.equal(await digest(base), before);
  },
);

test('a proxy user whom the cluster allows, and one whom it does not', limit, async () => {
  const base = await dataset('on-behalf', 'alice');
  const before = await digest(base);
  const refused = await cli(['--date', date, ...withKeytab(), '--proxy-user', 'bob'], base);
  assert.equal(refused.exit, 10);
  assert.match(refused.stderr, /etl is not allowed to impersonate bob[\s\S]*hadoop\.proxyuser/);
  assert.equal((await names(base)).length, 8);

  const run = await cli(['--date', date, ...withKeytab(), '--proxy-user', 'alice'], base);
  assert.equal(run.exit, 0, run.stderr);
  const [merged, ...others] = await dataFiles(base);
  assert.deepEqual(others, []);
  assert.equal(merged?.owner, 'alice');
  assert.equal(await digest(base), before);
});

/** Freezes a run as soon as something lies in its run directory, until its token and cookie have ended. */
async function frozenRun(
  base: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CliRun> {
  const { child, finished } = startCli(
    ['--date', date, '--base-path', `${cluster.webHdfsUri}${base}`, '--output', 'json', '--verbose', ...args],
    { env: environment(env) },
  );
  let hasEnded = false;
  finished.then(
    () => {
      hasEnded = true;
    },
    () => {
      hasEnded = true;
    },
  );
  for (let staged = false; !staged && !hasEnded; ) {
    const runs = await listAll(cluster, `${base}/_consolidation/${date}`).catch((error: unknown) => {
      if (error instanceof HdfsRefusal && error.status === 404) return [];
      throw error;
    });
    staged = runs.some((entry) => entry.name !== 'lock');
  }
  assert.ok(!hasEnded, 'the run has ended before it could be frozen');
  child.kill('SIGSTOP');
  await sleep(2 * tokenMs + 2_000);
  child.kill('SIGCONT');
  const run = await finished;
  said.push(run.stdout, run.stderr);
  return run;
}

// Together, since most of both is waiting until something has ended.
describe('what ends in the middle of a run', { ...limit, concurrency: 2 }, () => {
  it('is replaced, if it is the token', async () => {
    const base = await dataset('replaced');
    const before = await digest(base);
    const run = await frozenRun(base, withKeytab(), {});
    assert.equal(run.exit, 0, run.stderr);
    assert.equal((await names(base)).length, 1);
    assert.equal(await digest(base), before);
  });

  it('stops the run, if it is the ticket too, and the next run does the work', async () => {
    const base = await dataset('ended');
    const before = await digest(base);
    const short = await realm.ticket('ending', 'etl', etlKeytab, '6s');
    const run = await frozenRun(base, [], { KRB5CCNAME: short });
    const result = jsonOf(run) as { partitions: readonly PartitionResult[] };
    assert.ok(run.exit === 10 || run.exit === 14, `${run.exit}: ${run.stderr}`);
    assert.match(result.partitions[0]?.error?.message ?? '', /the Kerberos ticket has expired/);
    assert.equal(await digest(base), before);

    const recovered = await cli(['recover', ...withKeytab()], base);
    assert.equal(recovered.exit, 0, recovered.stderr);
    assert.equal(await digest(base), before);
    const next = await cli(['--date', date, '--quiet-minutes', '0', ...withKeytab()], base);
    assert.equal(next.exit, 0, next.stderr);
    assert.equal((await names(base)).length, 1);
    assert.equal(await digest(base), before);
  });
});

test('through HttpFS with Kerberos: proof, token and data go to the gateway', limit, async () => {
  const base = await dataset('gateway');
  const before = await digest(base);
  const keytab = await realm.keytab('httpfs.keytab', 'httpfs/localhost');
  const httpFs = await startHttpFsWith({
    configDirectory: cluster.configDirectory,
    superuser: 'httpfs',
    host: 'localhost',
    properties: {
      'httpfs.hadoop.authentication.type': 'kerberos',
      'httpfs.hadoop.authentication.kerberos.principal': `httpfs/localhost@${realm.name}`,
      'httpfs.hadoop.authentication.kerberos.keytab': keytab,
      'hadoop.http.authentication.type': 'kerberos',
      'hadoop.http.authentication.kerberos.principal': `HTTP/localhost@${realm.name}`,
      'hadoop.http.authentication.kerberos.keytab': cluster.keys.keytab,
    },
    javaOptions: [`-Djava.security.krb5.conf=${realm.configPath}`],
  });
  try {
    const uri = ['--base-path', `${httpFs.webHdfsUri}${base}`, '--verbose', ...withKeytab()];
    const run = await runCli(['--date', date, '--swap', 'rename', ...uri], { env: environment({}) });
    said.push(run.stdout, run.stderr);
    assert.equal(run.exit, 0, run.stderr);
    assert.equal((await names(base)).length, 1);
    assert.equal(await digest(base), before);
    const undone = await runCli(['undo', date, ...uri], { env: environment({}) });
    said.push(undone.stdout, undone.stderr);
    assert.equal(undone.exit, 0, undone.stderr);
    assert.equal((await names(base)).length, 8);
    assert.equal(await digest(base), before);
  } finally {
    await httpFs.stop();
  }
});

test('no token, cookie, proof or key is in anything that was said or stored', limit, async () => {
  const stored: string[] = [await readFile(join(realm.directory, 'metrics.prom'), 'utf8')];
  assert.match(stored.join(''), /parquet_consolidation_/);
  const walk = async (directory: string): Promise<void> => {
    for (const entry of await listAll(cluster, directory)) {
      const path = `${directory === '/' ? '' : directory}/${entry.name}`;
      if (entry.type === 'DIRECTORY') await walk(path);
      else if (entry.name.endsWith('.json')) {
        const reply = await whileTokensEnd(() => hdfs(cluster, { method: 'GET', op: 'OPEN', path }));
        stored.push(reply.body.toString());
      }
    }
  };
  await walk('/');
  assert.ok(stored.length >= 4, `${stored.length} receipts and metrics`);
  assert.ok(said.join('').length > 1_000);
  // Every token ends with its kind, whose base64 looks in one of three ways.
  const kinds = [0, 1, 2].map((shift) =>
    Buffer.from(`${'x'.repeat(shift)}WEBHDFS delegation`)
      .toString('base64url')
      .slice(4, -4),
  );
  const secrets = [
    ...kinds.map((kind) => new RegExp(kind)),
    /delegation=(?!…)/,
    /hadoop\.auth=(?!…)/,
    /Negotiate [A-Za-z0-9+/]{16}/,
    /\bYII[A-Za-z0-9+/]{40}/,
  ];
  // The search would find one.
  const { body } = await hdfs(cluster, { method: 'GET', op: 'GETDELEGATIONTOKEN', path: '/' });
  assert.ok(
    kinds.some((kind) => body.includes(kind)),
    body.toString(),
  );
  for (const text of [...said, ...stored]) {
    for (const secret of secrets) assert.doesNotMatch(text, secret);
  }
});
