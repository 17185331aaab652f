/**
 * Consolidates a partition on a real HDFS on this machine, and reads it merely, taking turns, and prints what each took
 * and how many operations it cost the NameNode.
 * usage: npm run bench -- --hdfs [--rounds N] [--files N]. Needs Java, Maven, the build and the Python environment.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { build } from 'esbuild';
import { startCluster } from '../support/hdfs-daemons.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition } from '../support/hdfs-seed.ts';
import { repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';
import { type Cost, measured } from './contender.ts';
import { phasesIn } from './phases.ts';

/** What is counted: NameNode operations, by the names of its own metrics. */
const operations = [
  'GetBlockLocations',
  'FileInfoOps',
  'GetListingOps',
  'CreateFileOps',
  'AddBlockOps',
  'DeleteFileOps',
  'FilesRenamed',
] as const;

type Counts = Readonly<Record<(typeof operations)[number], number>>;

/** Runs the benchmark. @param args what follows `--hdfs` */
export async function runHdfsBench(options: {
  readonly rounds: number;
  readonly files: number;
}): Promise<void> {
  const source = await workloadDirectory('small2k');
  const files = readdirSync(source)
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .slice(0, options.files)
    .map((name) => ({ name, bytes: readFileSync(`${source}/${name}`), rows: 0, ids: [] }));
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  // As in the long run: the just-in-time compiler at its best level.
  const cluster = await startCluster({ env: { LOCAL_HDFS_JIT_LEVEL: '4', LOCAL_HDFS_HEAP: '768m' } });
  try {
    const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
    const load = loadavg().map((value) => value.toFixed(1));
    console.log(
      `${processor}, ${availableParallelism()} cores; Node ${process.version}; load ${load.join(' ')}`,
    );
    console.log('NameNode and DataNode run on the same cores. CPU and memory are of our process alone;');
    console.log('"all" is what every process of the machine took of its cores meanwhile.');
    console.log(`\n${files.length} files, ${(bytes / 1e6).toFixed(1)} MB; ${options.rounds} rounds\n`);
    const base = '/bench';
    const rows: Row[] = [];
    const reader = await builtReader();
    const figures = `${repositoryRoot}/.bench/hdfs.prom`;
    let phases: Readonly<Record<string, number>> = {};
    for (let round = 0; round <= options.rounds; round++) {
      const date = `2025-01-${String(round + 1).padStart(2, '0')}`;
      const partition = `${base}/date=${date}`;
      await seedPartition(cluster, { partition, files });
      const entry = process.execPath;
      const uri = `${cluster.webHdfsUri}${base}`;
      const main = [entry, `${repositoryRoot}/dist/main.js`];
      const cli = [...main, '--base-path', uri, '--date', date, '--metrics-textfile', figures];
      const read = [entry, reader, cluster.host, String(cluster.httpPort), partition];
      const steps: readonly (readonly [string, readonly string[]])[] = [
        ['read merely', read],
        ['consolidate', cli],
      ];
      for (const [name, command] of steps) {
        const before = await counts(cluster.httpPort);
        const busyBefore = busySeconds();
        const cost = await measured(command);
        const allCpuSeconds = busySeconds() - busyBefore;
        const after = await counts(cluster.httpPort);
        // The first round warms the daemons up.
        if (round > 0) rows.push({ name, cost, allCpuSeconds, operations: difference(before, after) });
      }
      phases = phasesIn(readFileSync(figures, 'utf8'));
      rmSync(figures);
      await hdfs(cluster, { method: 'DELETE', op: 'DELETE', path: partition, params: { recursive: true } });
    }
    show(rows, files.length);
    const seconds = Object.entries(phases).map(([phase, taken]) => `${phase} ${taken.toFixed(2)}`);
    console.log(`Phases of the last consolidation, in seconds: ${seconds.join(', ')}`);
  } finally {
    await cluster.stop();
  }
}

interface Row {
  readonly name: string;
  readonly cost: Cost;
  readonly allCpuSeconds: number;
  readonly operations: Counts;
}

/** The reader as one file of JavaScript, as the program itself is: what loads TypeScript would be half a second of its time. */
async function builtReader(): Promise<string> {
  const outfile = `${repositoryRoot}/.bench/read-partition.mjs`;
  await build({
    entryPoints: [`${repositoryRoot}/test/bench/read-partition.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['kerberos'],
    logLevel: 'error',
  });
  return outfile;
}

/** Seconds that the machine's cores were at work since it started, whoever for. */
function busySeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1000;
}

function show(rows: readonly Row[], files: number): void {
  const names = [...new Set(rows.map((row) => row.name))];
  const walls: number[] = [];
  for (const name of names) {
    const own = rows.filter((row) => row.name === name);
    const wall = median(own.map(({ cost }) => cost.wallSeconds));
    walls.push(wall);
    const cpu = median(own.map(({ cost }) => cost.cpuSeconds));
    const all = median(own.map((row) => row.allCpuSeconds));
    const peak = Math.max(...own.map(({ cost }) => cost.peakBytes));
    console.log(
      `${name.padEnd(12)}  wall ${wall.toFixed(2)} s  CPU ${cpu.toFixed(2)} s, all ${all.toFixed(2)} s  peak ${(peak / 1e6).toFixed(0)} MB  ` +
        operations.map((op) => `${op} ${median(own.map((row) => row.operations[op]))}`).join(', '),
    );
  }
  const [read = Number.NaN, consolidate = Number.NaN] = walls;
  console.log(`\nconsolidate / read merely: ${(consolidate / read).toFixed(2)} × (${files} files)`);
  console.log("An OPEN over WebHDFS is two GetBlockLocations: the NameNode's own and that of its DataNode.");
}

/** Longer than the NameNode keeps the metrics that it has told once. */
const metricsAgeMs = 11_000;

async function counts(httpPort: number): Promise<Counts> {
  await new Promise((resolve) => setTimeout(resolve, metricsAgeMs));
  const query = 'Hadoop:service=NameNode,name=NameNodeActivity';
  const reply = await fetch(`http://127.0.0.1:${httpPort}/jmx?qry=${encodeURIComponent(query)}`);
  const { beans } = (await reply.json()) as { readonly beans: readonly Record<string, number>[] };
  const found = beans[0] ?? {};
  return Object.fromEntries(operations.map((name) => [name, found[name] ?? Number.NaN])) as Counts;
}

function difference(before: Counts, after: Counts): Counts {
  return Object.fromEntries(operations.map((name) => [name, after[name] - before[name]])) as Counts;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
