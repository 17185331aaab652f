/**
 * Runs test files with Node's test runner and prints, as the very last line, `N passed, N failed, N skipped` over all
 * of them. Usage: `node --import tsx test/run-tests.ts [file or folder …]`; without arguments, everything in test/.
 * Exits with 1 when a test failed or none ran. (`node --test` understands patterns only from Node 21 on.)
 * With TEST_NODE24=1 they run on a Node 24, which npm brings, whatever Node this is.
 * Where one of them needs HDFS (see `needsHdfs`), one is started for all before the first and ends after the last.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { classArchiving } from './support/class-archive.ts';
import { sharedClusterVariables, startCluster, unlessUnavailable } from './support/hdfs-daemons.ts';

if ((process.env.TEST_NODE24 ?? '') !== '' && !process.version.startsWith('v24.')) {
  process.exit(onNode24(process.argv.slice(2)));
}

const testDirectory = fileURLToPath(new URL('.', import.meta.url));

function testFilesIn(path: string): readonly string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(path, name));
}

const chosen = process.argv.slice(2);
const files = (chosen.length === 0 ? [testDirectory] : chosen).flatMap((path) => testFilesIn(resolve(path)));

/** Runs this script again on Node 24; what it starts finds that as `node`, too. Gives its exit code. */
function onNode24(args: readonly string[]): number {
  const words = [
    'exec',
    '--yes',
    '--package=node@24.21.0',
    '--',
    'node',
    '--import',
    'tsx',
    process.argv[1] ?? '',
  ];
  // Some tests start Node as another user, who cannot look into this one's home.
  const env = { ...process.env, npm_config_cache: join(tmpdir(), 'parquet-consolidator-npm') };
  const { status, error } = spawnSync('npm', [...words, ...args], { stdio: 'inherit', env });
  if (error !== undefined) throw error;
  return status ?? 1;
}

/** Test files that use a real HDFS are known by their names. */
const needsHdfs = /\/test\/(hdfs\/.*|cluster\/doctor|spark\/spark|store\/webhdfs[^/]*)\.test\.ts$/;

const started = files.some((path) => needsHdfs.test(path))
  ? await unlessUnavailable(async () => {
      const archiving = (process.env.TEST_HADOOP ?? '') === '' ? await classArchiving() : undefined;
      const cluster = await startCluster({ env: archiving?.env ?? {} });
      return { cluster, archived: archiving?.make() };
    })
  : undefined;
const cluster = started?.cluster;
if (cluster === undefined) process.env[sharedClusterVariables.missing] = 'yes';
else process.env[sharedClusterVariables.state] = cluster.stateDirectory;

/** The totals the runner itself prints at its end; a later one replaces an earlier one of the same name. */
const totals = new Map<string, number>();

/** A test that hangs must not hold up everything else; with `npm run test:full` a file may take its time. */
const timeoutMs = ((process.env.TEST_FULL ?? '') === '' ? 10 : 180) * 60_000;

// One more than there are cores: many tests wait for servers, and the cores would wait with them.
const events = run({ files, concurrency: availableParallelism() + 1, timeout: timeoutMs });
events.on('test:diagnostic', ({ message, nesting }) => {
  const total = /^(tests|pass|fail|cancelled|skipped|todo) (\d+)$/.exec(message);
  if (nesting === 0 && total?.[1] !== undefined) totals.set(total[1], Number(total[2]));
});

function total(name: string): number {
  return totals.get(name) ?? 0;
}

// The runner's own output first, to its end: the line below must be the last one.
for await (const text of events.compose(new spec())) process.stdout.write(String(text));
await started?.archived;
await cluster?.stop();

const failed = total('fail') + total('cancelled');
const passed = total('pass');
const skipped = total('skipped') + total('todo');
if (passed + failed === 0) process.stdout.write('no test ran\n');
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
