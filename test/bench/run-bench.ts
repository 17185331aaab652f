/**
 * Merges workloads with this program and with DuckDB, pyarrow and polars, taking turns, and prints what each took.
 * usage: npm run bench [-- [--rounds N] workload …]; with --threads throughput against the number of threads (large8); with --partitions throughput of 30 partitions of --files N (100) against how many are at work at once, and with --hdfs so on a real HDFS; with --codecs size and time of every codec (small2k); with --hdfs what a consolidation costs on a real HDFS; with --memory
 * what merging --gb N gigabytes (20) takes of memory, and with both what consolidating them on a simulated HDFS does. Workloads are seed21, small2k (both by default), medium200,
 * large8, nested500. They are made under .bench/ on first use. Needs the build and the Python environment.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { pythonPath, repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';
import { type Contender, type Cost, contenders, measured, type Output, outputOf } from './contender.ts';
import { runCodecsBench } from './run-codecs-bench.ts';
import { runHdfsBench } from './run-hdfs-bench.ts';
import { runMemoryBench } from './run-memory-bench.ts';
import { runPartitionsBench } from './run-partitions-bench.ts';
import { runThreadsBench } from './run-threads-bench.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: {
    rounds: { type: 'string', default: '5' },
    hdfs: { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
    threads: { type: 'boolean', default: false },
    partitions: { type: 'boolean', default: false },
    codecs: { type: 'boolean', default: false },
    gb: { type: 'string', default: '20' },
    files: { type: 'string' },
  },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const workloads = positionals.length > 0 ? positionals : ['seed21', 'small2k'];

interface Result {
  readonly contender: Contender;
  readonly costs: readonly Cost[];
  readonly output: Output;
}

/** Runs every contender once a round, so that whatever else the machine does meets all of them alike. */
async function race(python: string, directory: string): Promise<readonly Result[]> {
  const scratch = `${repositoryRoot}/.bench/out`;
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const entries = contenders(python).map((contender, i) => ({
    contender,
    out: `${scratch}/${i}.parquet`,
    costs: [] as Cost[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { contender, out, costs } of entries) {
      rmSync(out, { force: true });
      costs.push(await measured(contender.command(directory, out)));
    }
  }
  const results: Result[] = [];
  for (const { contender, out, costs } of entries)
    results.push({ contender, costs, output: await outputOf(out) });
  rmSync(scratch, { recursive: true });
  return results;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function show(name: string, directory: string, results: readonly Result[]): void {
  const files = readdirSync(directory);
  const bytes = files.reduce((sum, file) => sum + statSync(`${directory}/${file}`).size, 0);
  console.log(`\n${name}: ${files.length} files, ${mb(bytes)} MB; median of ${rounds}`);
  const cost = (result: Result) => ({
    wall: median(result.costs.map((one) => one.wallSeconds)),
    cpu: median(result.costs.map((one) => one.cpuSeconds)),
    peak: median(result.costs.map((one) => one.peakBytes)),
  });
  const ours = results[0] === undefined ? undefined : cost(results[0]);
  const table = results.map((result) => {
    const { wall, cpu, peak } = cost(result);
    const best = Math.min(...result.costs.map((one) => one.wallSeconds));
    return {
      '': result.contender.name,
      'wall s': wall.toFixed(2),
      '(best)': best.toFixed(2),
      'CPU s': cpu.toFixed(2),
      'peak MB': mb(peak),
      'out MB': mb(result.output.sizeBytes),
      'row groups': String(result.output.rowGroups),
      rows: String(result.output.rows),
      '× our wall': ours === undefined ? '' : (wall / ours.wall).toFixed(2),
      '× our CPU': ours === undefined ? '' : (cpu / ours.cpu).toFixed(2),
    };
  });
  printTable(table);
  const counts = new Set(results.map((result) => result.output.rows));
  if (counts.size > 1)
    throw new Error(`the outputs have different numbers of rows: ${[...counts].join(', ')}`);
}

function printTable(rows: readonly Readonly<Record<string, string>>[]): void {
  const columns = Object.keys(rows[0] ?? {});
  const width = (column: string) => Math.max(column.length, ...rows.map((row) => (row[column] ?? '').length));
  const line = (cells: (column: string) => string) =>
    columns
      .map((column, i) =>
        i === 0 ? cells(column).padEnd(width(column)) : cells(column).padStart(width(column)),
      )
      .join('  ');
  console.log(line((column) => column));
  for (const row of rows) console.log(line((column) => row[column] ?? ''));
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

if (values.memory) {
  await runMemoryBench(Number(values.gb), positionals, values.hdfs ? 'consolidation' : 'merge');
  process.exit();
}
if (values.partitions) {
  const files = Number(values.files ?? 100);
  await runPartitionsBench({ rounds, partitions: 30, filesOfPartition: files, isHdfs: values.hdfs });
  process.exit();
}
if (values.hdfs) {
  await runHdfsBench({ rounds, files: Number(values.files ?? 2000) });
  process.exit();
}
const python = pythonPath();
if (python === undefined)
  throw new Error('the benchmark needs the Python environment: run `npm run pretest`');
if (!existsSync(`${repositoryRoot}/dist/main.js`))
  throw new Error('the benchmark needs the build: run `npm run build`');
const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
const memory = (totalmem() / 2 ** 30).toFixed(0);
const load = loadavg().map((value) => value.toFixed(1));
console.log(
  `${processor}, ${availableParallelism()} cores, ${memory} GiB; Node ${process.version}; load ${load.join(' ')}`,
);
console.log('Every process from its start to its end, files in the page cache. MB is 10^6 bytes.');
if (values.codecs) {
  await runCodecsBench(positionals, rounds);
  process.exit();
}
if (values.threads) {
  await runThreadsBench(positionals, rounds);
  process.exit();
}
for (const name of workloads) {
  const directory = await workloadDirectory(name);
  show(name, directory, await race(python, directory));
}
