/**
 * Consolidates a partition on a real HDFS on this machine, and reads it merely, taking turns, and prints what each took
 * and how many operations it cost the NameNode.
 * usage: npm run bench -- --hdfs [--rounds N] [--files N]. Needs Java, Maven, the build and the Python environment.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { startCluster } from '../support/hdfs-daemons.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition } from '../support/hdfs-seed.ts';
import { repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';
import { type Cost, measured } from './contender.ts';

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
    console.log('NameNode and DataNode run on the same cores. CPU and memory are of our process alone.');
    console.log(`\n${files.length} files, ${(bytes / 1e6).toFixed(1)} MB; ${options.rounds} rounds\n`);
    const base = '/bench';
    const rows: Row[] = [];
    for (let round = 0; round <= options.rounds; round++) {
      const date = `2025-01-${String(round + 1).padStart(2, '0')}`;
      const partition = `${base}/date=${date}`;
      await seedPartition(cluster, { partition, files });
      const entry = process.execPath;
      const reader = `${repositoryRoot}/test/bench/read-partition.ts`;
      const uri = `${cluster.webHdfsUri}${base}`;
      const cli = [entry, `${repositoryRoot}/dist/main.js`, '--base-path', uri, '--date', date];
      const read = [entry, '--import', 'tsx', reader, cluster.host, String(cluster.httpPort), partition];
      const steps: readonly (readonly [string, readonly string[]])[] = [
        ['read merely', read],
        ['consolidate', cli],
      ];
      for (const [name, command] of steps) {
        const before = await counts(cluster.httpPort);
        const cost = await measured(command);
        const after = await counts(cluster.httpPort);
        // The first round warms the daemons up.
        if (round > 0) rows.push({ name, cost, operations: difference(before, after) });
      }
      await hdfs(cluster, { method: 'DELETE', op: 'DELETE', path: partition, params: { recursive: true } });
    }
    show(rows, files.length);
  } finally {
    await cluster.stop();
  }
}

interface Row {
  readonly name: string;
  readonly cost: Cost;
  readonly operations: Counts;
}

function show(rows: readonly Row[], files: number): void {
  const names = [...new Set(rows.map((row) => row.name))];
  const walls: number[] = [];
  for (const name of names) {
    const own = rows.filter((row) => row.name === name);
    const wall = median(own.map(({ cost }) => cost.wallSeconds));
    walls.push(wall);
    const cpu = median(own.map(({ cost }) => cost.cpuSeconds));
    const peak = Math.max(...own.map(({ cost }) => cost.peakBytes));
    console.log(
      `${name.padEnd(12)}  wall ${wall.toFixed(2)} s  CPU ${cpu.toFixed(2)} s  peak ${(peak / 1e6).toFixed(0)} MB  ` +
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
