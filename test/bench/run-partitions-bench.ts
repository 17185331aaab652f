import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { addDays } from '../../src/partition/partition-dates.ts';
import { startCluster } from '../support/hdfs-daemons.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition } from '../support/hdfs-seed.ts';
import { repositoryRoot } from '../support/python-env.ts';
import { workloadDirectory } from '../support/workloads.ts';
import { type Cost, measured } from './contender.ts';
import { phasesIn } from './phases.ts';

const scratch = `${repositoryRoot}/.bench/partitions`;
const firstDate = '2025-01-01';

/** What is measured. */
export interface PartitionsBench {
  readonly rounds: number;
  readonly partitions: number;
  readonly filesOfPartition: number;
  /** On a real HDFS instead of a local directory. */
  readonly isHdfs: boolean;
}

/** How a run goes through the partitions. */
interface Case {
  readonly name: string;
  readonly flags: readonly string[];
  readonly costs: Cost[];
  /** Seconds of all partitions together, by phase, of the last round. */
  phases: Readonly<Record<string, number>>;
}

/** A dataset that is there anew before every run. */
interface Dataset {
  readonly basePath: string;
  readonly bytes: number;
  renew(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Consolidates many small partitions with 1, 2, 4 and 8 of them at work at the same time, with threads and without, taking turns,
 * and prints throughput, and what it was that took the time: the cores, the first thread, or waiting for the store.
 */
export async function runPartitionsBench(bench: PartitionsBench): Promise<void> {
  const { partitions, filesOfPartition, isHdfs, rounds } = bench;
  const dataset = await (isHdfs ? hdfsDataset(bench) : localDataset(bench));
  const cases = ['1', '2', '4, one thread', '4', '8'].map((name): Case => {
    const [concurrency = '', isAlone] = name.split(',');
    const threads = isAlone === undefined ? [] : ['--threads', '1'];
    return { name, flags: ['--concurrency', concurrency, ...threads], costs: [], phases: {} };
  });
  try {
    for (let round = 0; round < rounds; round++) {
      for (const one of cases) {
        await dataset.renew();
        const figures = `${scratch}.prom`;
        rmSync(figures, { force: true });
        const command = [process.execPath, `${repositoryRoot}/dist/main.js`, '--base-path', dataset.basePath];
        const range = ['--from', firstDate, '--to', addDays(firstDate, partitions - 1)];
        one.costs.push(await measured([...command, ...range, ...one.flags, '--metrics-textfile', figures]));
        one.phases = phasesIn(readFileSync(figures, 'utf8'));
        rmSync(figures);
      }
    }
  } finally {
    await dataset.end();
  }
  console.log(
    `\n${partitions} partitions of ${filesOfPartition} files, ${(dataset.bytes / 1e6).toFixed(0)} MB, ` +
      `${isHdfs ? 'on HDFS' : 'on a local directory'}; median of ${rounds}`,
  );
  const first = median((cases[0]?.costs ?? []).map(({ wallSeconds }) => wallSeconds));
  console.table(cases.map((one) => rowOf(one, bench, dataset.bytes, first)));
}

function rowOf({ name, costs, phases }: Case, { partitions }: PartitionsBench, bytes: number, first: number) {
  const wall = median(costs.map(({ wallSeconds }) => wallSeconds));
  const cpu = median(costs.map(({ cpuSeconds }) => cpuSeconds));
  const firstThread = median(costs.map((cost) => cost.firstThreadCpuSeconds ?? Number.NaN));
  const cores = cpu / wall / availableParallelism();
  const [longest = ['', 0]] = Object.entries(phases).toSorted(([, a], [, b]) => b - a);
  const waitsFor = `the store, most in ${longest[0]}`;
  return {
    'at once': name,
    'wall s': wall.toFixed(2),
    'CPU s': cpu.toFixed(2),
    'partitions/s': (partitions / wall).toFixed(1),
    'MB/s': (bytes / 1e6 / wall).toFixed(0),
    '× one': (first / wall).toFixed(2),
    'of the cores': percent(cores),
    'first thread': percent(firstThread / wall),
    'takes the time': cores > 0.85 ? 'the cores' : firstThread / wall > 0.85 ? 'the first thread' : waitsFor,
    'peak MB': Math.round(Math.max(...costs.map(({ peakBytes }) => peakBytes)) / 1e6),
  };
}

async function sourceFiles(): Promise<readonly string[]> {
  const source = await workloadDirectory('small2k');
  return readdirSync(source)
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => `${source}/${name}`);
}

/** The paths of the files of a partition: others in each, as long as there are any. */
function filesFor(paths: readonly string[], partition: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => paths[(partition * count + i) % paths.length] ?? '');
}

async function localDataset({ partitions, filesOfPartition }: PartitionsBench): Promise<Dataset> {
  const paths = await sourceFiles();
  const [pool, basePath] = [`${scratch}-files`, scratch];
  rmSync(pool, { recursive: true, force: true });
  mkdirSync(pool, { recursive: true });
  const settled = new Date(Date.now() - 2 * 86_400_000);
  for (const path of paths) {
    const copy = `${pool}/${nameOf(path)}`;
    copyFileSync(path, copy);
    utimesSync(copy, settled, settled);
  }
  let bytes = 0;
  for (let i = 0; i < partitions; i++) {
    for (const path of filesFor(paths, i, filesOfPartition)) bytes += statSync(path).size;
  }
  return {
    basePath,
    bytes,
    renew: async () => {
      rmSync(basePath, { recursive: true, force: true });
      for (let i = 0; i < partitions; i++) {
        const partition = `${basePath}/date=${addDays(firstDate, i)}`;
        mkdirSync(partition, { recursive: true });
        for (const path of filesFor(paths, i, filesOfPartition)) {
          linkSync(`${pool}/${nameOf(path)}`, `${partition}/${nameOf(path)}`);
        }
        utimesSync(partition, settled, settled);
      }
    },
    end: async () => {
      for (const path of [pool, basePath]) rmSync(path, { recursive: true, force: true });
    },
  };
}

async function hdfsDataset({ partitions, filesOfPartition }: PartitionsBench): Promise<Dataset> {
  const paths = await sourceFiles();
  const cluster = await startCluster({ env: { LOCAL_HDFS_JIT_LEVEL: '4', LOCAL_HDFS_HEAP: '768m' } });
  const all = Array.from({ length: partitions }, (_, i) =>
    filesFor(paths, i, filesOfPartition).map((path) => ({
      name: nameOf(path),
      bytes: readFileSync(path),
      rows: 0,
      ids: [],
    })),
  );
  return {
    basePath: `${cluster.webHdfsUri}/bench`,
    bytes: all.flat().reduce((sum, { bytes }) => sum + bytes.length, 0),
    renew: async () => {
      await hdfs(cluster, { method: 'DELETE', op: 'DELETE', path: '/bench', params: { recursive: true } });
      for (const [i, files] of all.entries()) {
        await seedPartition(cluster, { partition: `/bench/date=${addDays(firstDate, i)}`, files });
      }
    },
    end: () => cluster.stop(),
  };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(0)} %`;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
