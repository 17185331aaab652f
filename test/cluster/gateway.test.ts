import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { after, before, test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { type CliRun, mainPath, type StartedCli } from '../cli/cli-process.ts';
import {
  type Bench,
  consolidateWords,
  date,
  endingOf,
  makeBench,
  stepName,
  workspaceNames,
} from '../hdfs/fault-bench.ts';
import { killNow } from '../hdfs/fault-case.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { type HdfsCluster, noHdfs, ownCluster } from '../support/hdfs-cluster.ts';
import { unlessUnavailable } from '../support/hdfs-daemons.ts';
import type { Fault, ProxiedRequest } from '../support/hdfs-proxy.ts';
import { dataFilesOf, everyIdOnce, listAll, readPartition, valuesDigest } from '../support/hdfs-reader.ts';
import { HdfsRefusal, hdfs } from '../support/hdfs-request.ts';
import { putFile, seedPartition, setAge, settledMs, smallFiles } from '../support/hdfs-seed.ts';
import { type HttpFs, startHttpFs } from '../support/httpfs.ts';
import { startPrefixGateway } from '../support/prefix-gateway.ts';
import { doctor } from './doctor-report.ts';

/** A real HttpFS in front of a real HDFS; and, where it is said, a gateway that stands under a path as Knox does. */
const user = process.env.HADOOP_USER_NAME ?? userInfo().username;
const cluster = await unlessUnavailable(() =>
  ownCluster({
    properties: { [`hadoop.proxyuser.${user}.hosts`]: '*', [`hadoop.proxyuser.${user}.groups`]: '*' },
  }),
);
const skip = cluster === undefined ? noHdfs : false;
const files = cluster === undefined ? [] : await smallFiles(8, { rowsPerFile: 10 });
let httpFs: HttpFs;

before(
  async () => {
    if (cluster !== undefined) httpFs = await startHttpFs(cluster);
  },
  { timeout: 240_000 },
);
after(async () => {
  await httpFs?.stop();
});

function running(): HdfsCluster {
  if (cluster === undefined) throw new Error(noHdfs);
  return cluster;
}

function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliRun> {
  return runCliInProcess(args, { HADOOP_USER_NAME: running().superuser, MAX_RETRIES: '1', ...env });
}

async function dataset(name: string): Promise<{ readonly base: string; readonly partition: string }> {
  const base = `/gateway/${name}`;
  const partition = `${base}/date=${date}`;
  await seedPartition(running(), { partition, files });
  await putFile(running(), `${partition}/_SUCCESS`, new Uint8Array(0));
  for (const path of [`${partition}/_SUCCESS`, partition]) await setAge(running(), path, settledMs);
  return { base, partition };
}

const limit = { skip, timeout: 240_000 } as const;

test('HttpFS: a run refuses with the reason and what to type, and leaves nothing behind', limit, async () => {
  const { base, partition } = await dataset('refused');
  const flags = ['--date', date, '--base-path', `${httpFs.webHdfsUri}${base}`];
  assert.equal((await cli([...flags, '--dry-run'])).exit, 0);
  const run = await cli(flags);
  assert.equal(run.exit, 2, run.stderr);
  assert.match(run.stderr, /is reached through a gateway \(HttpFS, Knox\)/);
  assert.match(run.stderr, /does not know RENAME with OVERWRITE and refused it/);
  assert.match(run.stderr, /use --swap rename \(consolidation\.swap: rename\)/);
  assert.equal(dataFilesOf(await listAll(running(), partition)).length, 8);
  assert.deepEqual(
    (await listAll(running(), base)).map(({ name }) => name),
    [`date=${date}`],
  );
});

test(
  'HttpFS: two renames put the merged file in place, readers see all or nothing, undo brings the files back',
  limit,
  async () => {
    const { base, partition } = await dataset('renames');
    const before = await valuesDigest(running(), partition);
    const attributes = async (path: string) => {
      const [name] = path.split('/').slice(-1);
      const found = (await listAll(running(), path.slice(0, path.lastIndexOf('/')))).find(
        (entry) => entry.name === name,
      );
      return [found?.owner, found?.group, found?.permission];
    };
    const directory = await attributes(partition);
    const idOf = async (name: string) =>
      (await listAll(running(), partition)).find((entry) => entry.name === name)?.fileId;
    const success = await idOf('_SUCCESS');
    assert.ok(success !== undefined);
    const flags = ['--base-path', `${httpFs.webHdfsUri}${base}`, '--swap', 'rename'];

    let isOver = false;
    const seen = { whole: 0, absent: 0 };
    const ids = new Set(files.flatMap((file) => file.ids));
    const reader = (async () => {
      while (!isOver) {
        try {
          const names = (await listAll(running(), partition)).map(({ name }) => name);
          // What a listing shows is the old state or the new one, never a part of either.
          const inputs = files.filter((file) => names.includes(file.name)).length;
          const merged = names.filter((name) => /\.merged-/.test(name)).length;
          assert.ok((inputs === 8 && merged === 0) || (inputs === 0 && merged === 1), names.join(' '));
          assert.ok(names.includes('_SUCCESS'));
          seen.whole++;
        } catch (error) {
          if (!(error instanceof HdfsRefusal) || error.status !== 404) throw error;
          seen.absent++;
        }
      }
    })();
    const run = await cli(['--date', date, ...flags]);
    isOver = true;
    await reader;
    assert.equal(run.exit, 0, run.stderr);
    assert.ok(seen.whole > 0);
    assert.equal(everyIdOnce((await readPartition(running(), partition)).ids, ids), undefined);
    assert.equal(await valuesDigest(running(), partition), before);
    assert.equal(await idOf('_SUCCESS'), success);
    assert.deepEqual(await attributes(partition), directory);

    const again = await cli(['--date', date, ...flags, '--quiet-minutes', '0']);
    assert.match(again.stdout, /Nothing to do/);
    const undone = await cli(['undo', date, '--base-path', `${httpFs.webHdfsUri}${base}`]);
    assert.equal(undone.exit, 0, undone.stderr);
    const names = dataFilesOf(await listAll(running(), partition)).map(({ name }) => name);
    assert.deepEqual(
      names,
      files.map(({ name }) => name),
    );
    assert.equal(await valuesDigest(running(), partition), before);
    assert.equal(await idOf('_SUCCESS'), success);
    assert.match((await cli(['recover', ...flags.slice(0, 2)])).stdout, /Nothing to recover/);
  },
);

test('what was put in place by renames is undone over the NameNode too, which folds', limit, async () => {
  const { base, partition } = await dataset('mixed');
  const before = await valuesDigest(running(), partition);
  const direct = ['--base-path', `${running().webHdfsUri}${base}`];
  const run = await cli(['--date', date, ...direct, '--swap', 'rename']);
  assert.equal(run.exit, 0, run.stderr);
  const undone = await cli(['undo', date, ...direct]);
  assert.equal(undone.exit, 0, undone.stderr);
  assert.equal(dataFilesOf(await listAll(running(), partition)).length, 8);
  assert.equal(await valuesDigest(running(), partition), before);
  const folded = await cli(['--date', date, ...direct, '--force', '--quiet-minutes', '0']);
  assert.equal(folded.exit, 0, folded.stderr);
  assert.equal((await cli(['undo', date, ...direct])).exit, 0);
  assert.equal(await valuesDigest(running(), partition), before);
  const exclusive = await cli(['--date', date, ...direct, '--swap', 'rename', '--mode', 'fold']);
  assert.equal(exclusive.exit, 2);
  assert.match(exclusive.stderr, /which exclude each other/);
});

test('in a snapshot, where HDFS joins no files, --swap rename is offered and does it', limit, async () => {
  const { base, partition } = await dataset('snapshot');
  const before = await valuesDigest(running(), partition);
  await running().dfsadmin('-allowSnapshot', base);
  await hdfs(running(), { method: 'PUT', op: 'CREATESNAPSHOT', path: base, params: { snapshotname: 's' } });
  const flags = ['--date', date, '--base-path', `${running().webHdfsUri}${base}`];
  const refused = await cli(flags);
  assert.equal(refused.exit, 12, refused.stderr);
  assert.match(refused.stderr, /in the snapshot [\s\S]*or use --swap rename/);
  const run = await cli([...flags, '--swap', 'rename']);
  assert.equal(run.exit, 0, run.stderr);
  assert.equal(dataFilesOf(await listAll(running(), partition)).length, 1);
  assert.equal(await valuesDigest(running(), partition), before);
  assert.equal(await valuesDigest(running(), `${base}/.snapshot/s/date=${date}`), before);
});

test(
  'under a path (as Knox): what the gateway lets through is tried, and data passes through it',
  limit,
  async () => {
    const gateway = await startPrefixGateway(running());
    try {
      const { base, partition } = await dataset('prefix');
      const before = await valuesDigest(running(), partition);
      const env = { HDFS_WEBHDFS_URL: `${gateway.url}/webhdfs/v1` };
      const flags = ['--date', date, '--base-path', base];
      gateway.forbidden.add('CONCAT');
      const refused = await cli(flags, env);
      assert.equal(refused.exit, 2, refused.stderr);
      assert.match(refused.stderr, /does not let files be replaced[\s\S]*403[\s\S]*--swap rename/);
      assert.equal(dataFilesOf(await listAll(running(), partition)).length, 8);

      gateway.forbidden.clear();
      const run = await cli([...flags, '--verbose'], env);
      assert.equal(run.exit, 0, run.stderr);
      assert.match(run.stderr, /behind the gateway .* files can be joined and replaced in one step each/);
      assert.equal(dataFilesOf(await listAll(running(), partition)).length, 1);
      assert.equal(await valuesDigest(running(), partition), before);
      assert.ok(gateway.dataRequests() >= 10, `${gateway.dataRequests()} data requests`);

      const wrong = await cli(flags, { HDFS_WEBHDFS_URL: 'https://me:secret@knox/gateway/default' });
      assert.equal(wrong.exit, 2);
      assert.match(wrong.stderr, /HDFS_WEBHDFS_URL is no plain URL; allowed: a URL such as/);
      assert.doesNotMatch(wrong.stderr, /secret/);
    } finally {
      await gateway.close();
    }
  },
);

type Mode = 'kill before' | 'reset' | 'reply lost';

const words = [...consolidateWords, '--swap', 'rename'] as const;

/** Mutations that are handled by the same code. */
function kindOf(name: string): string {
  if (/^RENAME .*\.json$/.test(name)) return 'rename record';
  if (/^RENAME R\/new\/.*\.staged/.test(name)) return 'unveil';
  if (/^RENAME .*\.backup$/.test(name)) return 'veil';
  return name.startsWith('RENAME') ? name : name.slice(0, name.indexOf(' '));
}

/** A dataset whose every call goes through the proxy to HttpFS. */
async function benchBehind(name: string): Promise<Bench> {
  const bench = await makeBench({ ...running(), host: httpFs.host, httpPort: httpFs.httpPort }, name);
  await putFile(running(), `${bench.partition}/_SUCCESS`, new Uint8Array(0));
  return bench;
}

async function mutationsOf(): Promise<readonly { readonly name: string; readonly nth: number }[]> {
  const bench = await benchBehind('renames-reference');
  try {
    const run = await bench.run(words);
    assert.equal(run.exit, 0, run.stderr);
    const names = bench.proxy.requests
      .filter(({ isMutation }) => isMutation)
      .map((asked) => stepName(bench, asked));
    return names.map((name, i) => ({
      name,
      nth: names.slice(0, i + 1).filter((other) => other === name).length,
    }));
  } finally {
    await bench.close();
  }
}

/** I1 where the partition may be away between the renames: not found, or every row once. */
async function assertRowsOrNothing(bench: Bench, when: string): Promise<void> {
  try {
    const { ids } = await readPartition(running(), bench.partition);
    assert.equal(everyIdOnce(ids, bench.ids), undefined, when);
  } catch (error) {
    if (!(error instanceof HdfsRefusal) || error.status !== 404) throw error;
  }
}

async function assertInOrder(bench: Bench, when: string): Promise<void> {
  const { ids } = await readPartition(running(), bench.partition);
  assert.equal(everyIdOnce(ids, bench.ids), undefined, when);
  assert.ok(
    (await listAll(running(), bench.partition)).some(({ name }) => name === '_SUCCESS'),
    when,
  );
  const run = String.raw`\d{8}T\d{6}Z-[0-9a-f]{6}(\.fenced-\d+)?`;
  const allowed = new RegExp(`^/${date}(/${run}(/receipt\\.json|/old(/[^/]+\\.backup)?)?)?$`);
  assert.deepEqual(
    (await workspaceNames(bench)).filter((path) => !allowed.test(path)),
    [],
    `${when}: left in the workspace`,
  );
}

test('HttpFS: a swap by renames under faults at its mutations', { ...limit, concurrency: 3 }, async (t) => {
  const steps = await mutationsOf();
  const kinds = steps.map(({ name }) => kindOf(name));
  const moves = new Set(['RENAME P → R/old', 'RENAME R/old/_SUCCESS → R/new/_SUCCESS', 'RENAME R/new → P']);
  assert.deepEqual(
    [...moves].filter((move) => !kinds.includes(move)),
    [],
    kinds.join('\n'),
  );
  const cases = steps.flatMap(({ name, nth }, index) => {
    const isFirst = kinds.indexOf(kinds[index] ?? '') === index;
    // Whatever comes before the journal only leaves files behind that nothing names: the test of all stores has those.
    const isOfSwap = index >= steps.findIndex((step) => /journal\.json$/.test(step.name));
    const wanted: readonly Mode[] = fullMatrix
      ? ['kill before', 'reset', 'reply lost']
      : moves.has(name)
        ? ['kill before', 'reply lost']
        : isFirst && isOfSwap && name.startsWith('RENAME R/')
          ? ['kill before']
          : [];
    return wanted.map((mode) => ({ name, nth, mode, index }));
  });
  assert.ok(cases.length >= 7, `${cases.length} cases`);
  await Promise.all(
    cases.map(({ name, nth, mode, index }) =>
      t.test(`${mode}: ${name}`, async () => {
        const bench = await benchBehind(`renames-${index}-${mode.replaceAll(' ', '-')}`);
        try {
          let started: StartedCli | undefined;
          const kill = async (): Promise<void> => {
            if (started !== undefined) await killNow(started);
          };
          const fault: Fault =
            mode === 'kill before'
              ? { kind: 'call', when: 'before', action: kill, andThen: 'break' }
              : { kind: mode === 'reset' ? 'reset' : 'lose-reply' };
          const isStep = (asked: ProxiedRequest): boolean =>
            asked.isMutation && stepName(bench, asked) === name;
          const laid = bench.proxy.ambush(isStep, fault, { nth });
          started = bench.start(words);
          const run = await started.finished;
          assert.equal(laid.times(), 1, `${name} was never reached: ${run.stderr}`);
          assert.equal(run.exit, mode === 'kill before' ? 'SIGKILL' : 0, run.stderr);
          await assertRowsOrNothing(bench, `after ${mode}: ${name}`);
          const recovery = await bench.run(['recover']);
          assert.equal(recovery.exit, 0, recovery.stderr);
          await assertInOrder(bench, `recovered from ${mode}: ${name}`);
          const next = await bench.run(words);
          assert.equal(next.exit, 0, next.stderr);
          const last = await bench.run(words);
          assert.equal(endingOf(last), 'nothing-to-merge', last.stdout);
          await assertInOrder(bench, `at the end, ${mode}: ${name}`);
        } finally {
          await bench.close();
        }
      }),
    ),
  );
});

test('the doctor finds what the gateway cannot do, and that two renames work', { skip }, async () => {
  if (cluster === undefined) return;
  await seedPartition(cluster, { partition: `/doctor-gateway/date=${date}`, files });
  const place = ['--base-path', `${httpFs.webHdfsUri}/doctor-gateway`];
  const env = { HADOOP_USER_NAME: cluster.superuser, MAX_RETRIES: '0' };
  const atomic = await doctor(place, env);
  assert.equal(atomic.exit, 10);
  assert.equal(atomic.verdict('replace'), 'bad');
  assert.match(atomic.text('way'), /replace did not work next: use --swap rename/);
  const renaming = await doctor([...place, '--swap', 'rename'], env);
  assert.equal(renaming.exit, 0, JSON.stringify(renaming.checks.filter(({ verdict }) => verdict === 'bad')));
  assert.match(renaming.text('way'), /^two renames of the partition/);
});

/** Runs the program with a connection to executors, and notes what it hands out. */
async function cliWithExecutors(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly run: CliRun; readonly handedOut: string }> {
  const child = spawn(process.execPath, [mainPath, ...args, '--executors', '3'], {
    env: { PATH: process.env.PATH ?? '', HADOOP_USER_NAME: running().superuser, MAX_RETRIES: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const said = ['', '', ''];
  for (const [place, stream] of [child.stdout, child.stderr, child.stdio[3]].entries()) {
    assert.ok(stream !== null && stream !== undefined && 'on' in stream);
    stream.on('data', (bytes: Buffer) => {
      said[place] += bytes.toString('utf8');
    });
  }
  const exit = await new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const [stdout = '', stderr = '', handedOut = ''] = said;
  return { run: { exit, stdout, stderr }, handedOut };
}

test(
  'executors merge nothing behind HttpFS, nor under a path as Knox: refused, with nothing handed out or left',
  limit,
  async () => {
    const gateway = await startPrefixGateway(running());
    try {
      const { base, partition } = await dataset('executors');
      const behindHttpFs = ['--date', date, '--base-path', `${httpFs.webHdfsUri}${base}`, '--swap', 'rename'];
      const underPath = ['--date', date, '--base-path', base];
      const env = { HDFS_WEBHDFS_URL: `${gateway.url}/webhdfs/v1` };
      for (const { run, handedOut } of [
        await cliWithExecutors(behindHttpFs),
        await cliWithExecutors(underPath, env),
      ]) {
        assert.equal(run.exit, 2, run.stderr);
        assert.match(
          run.stderr,
          /is reached through a gateway \(HttpFS, Knox\), which makes missing directories/,
        );
        assert.match(run.stderr, /Name the NameNode itself, .*; or leave --executors away/);
        assert.match(run.stderr, /data: +nothing was touched/);
        assert.equal(handedOut, '');
      }
      assert.equal(dataFilesOf(await listAll(running(), partition)).length, 8);
      const left = await listAll(running(), base);
      assert.deepEqual(
        left.map(({ name }) => name).filter((name) => name !== '_consolidation'),
        [`date=${date}`],
      );
      // Of the trial whether files can be replaced at most the empty directory stays.
      if (left.length > 1) assert.deepEqual(await listAll(running(), `${base}/_consolidation`), []);

      // The NameNode itself is not refused.
      const direct = await cliWithExecutors(['--date', '2025-01-01', '--base-path', base], {
        HDFS_NAMENODE: `${running().host}:${running().rpcPort}`,
        HDFS_WEBHDFS_PORT: String(running().httpPort),
      });
      assert.equal(direct.run.exit, 0, direct.run.stderr);
    } finally {
      await gateway.close();
    }
  },
);
