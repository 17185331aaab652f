import assert from 'node:assert/strict';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { type CliRun, type StartedCli, startCli } from '../cli/cli-process.ts';
import type { HdfsCluster } from '../support/hdfs-cluster.ts';
import { type HdfsProxy, type ProxiedRequest, startProxy } from '../support/hdfs-proxy.ts';
import { everyIdOnce, type ListedFile, listAll, readPartition } from '../support/hdfs-reader.ts';
import { type HdfsAddress, HdfsRefusal, hdfs } from '../support/hdfs-request.ts';
import { type SmallFile, seedPartition, smallFiles } from '../support/hdfs-seed.ts';

/** The date of every partition here. */
export const date = '2025-08-15';

/** A dataset of its own with one partition, a proxy in front of the cluster, and the program to run on it. */
export interface Bench {
  readonly cluster: HdfsCluster;
  readonly proxy: HdfsProxy;
  /** Full path of the dataset. */
  readonly base: string;
  /** Full path of the partition. */
  readonly partition: string;
  /** Names of the inputs, in name order. */
  readonly inputs: readonly string[];
  readonly files: readonly SmallFile[];
  /** `policy_id` of every row that must be there; who changes what is there on purpose changes this, too. */
  readonly ids: Set<number>;
  /** `<words> --base-path <the dataset, through the proxy> --output json`, in this process, to its end. */
  run(words: readonly string[]): Promise<CliRun>;
  /** The same in a process of its own. */
  start(words: readonly string[], env?: Readonly<Record<string, string>>): StartedCli;
  /** Ends everything; the dataset is deleted. */
  close(): Promise<void>;
}

/** Where a bench's data lies, and what must be there. */
export type BenchPlace = Pick<Bench, 'base' | 'partition' | 'inputs' | 'ids'> & {
  readonly cluster: HdfsAddress;
};

/** What a partition is seeded with, unless a case says otherwise; made once. */
let usual: Promise<readonly SmallFile[]> | undefined;

/** The files of most cases: as few as the program finds worth it, and one more. */
export function usualFiles(): Promise<readonly SmallFile[]> {
  usual ??= smallFiles(6, { rowsPerFile: 10 });
  return usual;
}

/** Seeds a partition. `name` becomes part of its path. */
export async function makeBench(
  cluster: HdfsCluster,
  name: string,
  options: { readonly files?: readonly SmallFile[]; readonly user?: string } = {},
): Promise<Bench> {
  const files = options.files ?? (await usualFiles());
  const base = `/faults/${name}`;
  const partition = `${base}/date=${date}`;
  const as = options.user === undefined ? {} : { user: options.user };
  if (options.user !== undefined) {
    await hdfs(cluster, { method: 'PUT', op: 'MKDIRS', path: base });
    await hdfs(cluster, { method: 'PUT', op: 'SETOWNER', path: base, params: { owner: options.user } });
  }
  await seedPartition(cluster, { partition, files, ...as });
  const proxy = await startProxy(cluster);
  const args = (words: readonly string[]): readonly string[] => [
    ...words,
    ...['--base-path', `${proxy.webHdfsUri}${base}`, '--output', 'json'],
  ];
  const user = { HADOOP_USER_NAME: options.user ?? cluster.superuser };
  return {
    cluster,
    proxy,
    base,
    partition,
    inputs: files.map((file) => file.name),
    files,
    ids: new Set(files.flatMap((file) => file.ids)),
    run: (words) => runCliInProcess(args(words), user),
    start: (words, env = {}) => startCli(args(words), { env: { ...user, ...env } }),
    async close() {
      await proxy.close();
      await hdfs(cluster, { method: 'DELETE', op: 'DELETE', path: base, params: { recursive: true } });
    },
  };
}

/** The ordinary command, for the bench's date. Every change, also one that was taken back, would need an hour of quiet. */
export const consolidateWords = ['--date', date, '--quiet-minutes', '0'] as const;

/** Runs a command through the bench's proxy to its end, in this process: nothing is done to it. */
export function runOn(bench: Bench, words: readonly string[]): Promise<CliRun> {
  return bench.run(words);
}

/** The stable name of what a run with `--output json` ended with: an error's code, a result, `killed`. */
export function endingOf(run: CliRun): string {
  const line = run.stdout.trim().split('\n').at(-1) ?? '';
  if (line === '') return typeof run.exit === 'string' ? 'killed' : 'nothing said';
  const said: unknown = JSON.parse(line);
  if (typeof said !== 'object' || said === null) return 'nothing said';
  if ('partitions' in said && Array.isArray(said.partitions)) {
    const [result] = said.partitions as readonly {
      result: string;
      rule?: string;
      error?: { code: string };
    }[];
    return result === undefined ? 'no result' : (result.error?.code ?? result.rule ?? result.result);
  }
  if ('error' in said) return (said.error as { code: string }).code;
  if ('undoneRunId' in said) return 'undone';
  return 'nothing said';
}

/** What `recover` did about a dataset, e.g. `rolled-forward`; `nothing` when there was nothing. */
export function recoveryOf(run: CliRun): string {
  const { outcomes } = JSON.parse(run.stdout) as { outcomes: readonly { action: string }[] };
  const actions = [...new Set(outcomes.map(({ action }) => action))];
  return actions.length === 0 ? 'nothing' : actions.join(', ');
}

/** I1: a reader gets every row exactly once, now. */
export async function assertEveryRowOnce(bench: BenchPlace, when: string): Promise<void> {
  let problem: string | undefined;
  try {
    const { ids } = await readPartition(bench.cluster, bench.partition);
    problem = everyIdOnce(ids, bench.ids);
  } catch (error) {
    problem = String(error);
  }
  assert.equal(problem, undefined, `${when}: ${problem}`);
}

/** What lies in the partition and of the workspace, in words that are the same on every run. */
export async function stateOf(bench: BenchPlace): Promise<string> {
  const entries = await listAll(bench.cluster, bench.partition);
  const names = entries.map(({ name }) => name);
  const inputs = names.filter((name) => bench.inputs.includes(name)).length;
  const undone = names.filter((name) => name.includes('-undone.')).length;
  const merged = names.filter((name) => /\.merged-/.test(name)).length - undone;
  const tails = names.filter((name) => /^\.consolidate-.*\.tail$/.test(name)).length;
  const others = names.length - inputs - merged - undone - tails;
  const workspace = await workspaceNames(bench);
  const parts = [
    inputs > 0 ? `${inputs} of ${bench.inputs.length} inputs` : '',
    merged > 0 ? 'merged name' : '',
    undone > 0 ? 'undone name' : '',
    tails > 0 ? 'tail' : '',
    others > 0 ? `${others} other` : '',
    workspace.some((path) => path.endsWith('/lock')) ? 'lock' : '',
    workspace.some((path) => path.endsWith('/journal.json')) ? 'journal' : '',
    workspace.some((path) => path.endsWith('/receipt.json')) ? 'receipt' : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || 'empty';
}

/** Paths below the workspace of the bench's date, relative to it, directories included. */
export async function workspaceNames(bench: BenchPlace): Promise<readonly string[]> {
  const root = `${bench.base}/_consolidation`;
  const found: string[] = [];
  const walk = async (directory: string): Promise<void> => {
    let entries: readonly ListedFile[];
    try {
      entries = await listAll(bench.cluster, directory);
    } catch (error) {
      if (error instanceof HdfsRefusal && error.exception === 'FileNotFoundException') return;
      throw error;
    }
    for (const { name, type } of entries) {
      found.push(`${directory}/${name}`.slice(root.length));
      if (type === 'DIRECTORY') await walk(`${directory}/${name}`);
    }
  };
  await walk(root);
  return found.sort();
}

/**
 * I4: no tail, lock, journal or staged file is left; what lies in the workspace are finished runs with a receipt, and
 * nothing in the partition is hidden.
 */
export async function assertTidy(bench: BenchPlace, when: string): Promise<void> {
  const hidden = (await listAll(bench.cluster, bench.partition)).filter(({ name }) => /^[._]/.test(name));
  assert.deepEqual(
    hidden.map(({ name }) => name),
    [],
    `${when}: hidden entries in the partition`,
  );
  const workspace = await workspaceNames(bench);
  const run = String.raw`\d{8}T\d{6}Z-[0-9a-f]{6}(\.fenced-\d+)?`;
  const allowed = new RegExp(
    `^/(history|history/${date}|history/${date}/${run}\\.json|${date}|${date}/hold\\.json|` +
      `${date}/${run}|${date}/${run}/(receipt\\.json|bin-\\d+\\.backup))$`,
  );
  assert.deepEqual(
    workspace.filter((path) => !allowed.test(path)),
    [],
    `${when}: left in the workspace`,
  );
  const runs = workspace.filter((path) => new RegExp(`^/${date}/${run}$`).test(path));
  for (const path of runs) {
    assert.ok(workspace.includes(`${path}/receipt.json`), `${when}: ${path} has no receipt`);
  }
}

/** The mutation in words that are the same on every run: run ids and base path are taken out. */
export function stepName(
  bench: Pick<Bench, 'base' | 'partition'>,
  { op, path, params }: ProxiedRequest,
): string {
  const plain = (full: string): string =>
    full
      .replace(bench.partition, 'P')
      .replace(`${bench.base}/_consolidation/${date}`, 'W')
      .replace(`${bench.base}/_consolidation`, '_consolidation')
      .replaceAll(/\d{8}T\d{6}Z-[0-9a-f]{6}/g, 'R')
      .replace(/telemetry-[^/]*\.merged-R-(\d+)\.parquet/, 'merged-$1')
      .replace(/telemetry-[^/]*\.merged-R-(\d+)-undone\.parquet/, 'undone-$1')
      .replace(/^W\/R\//, 'R/')
      .replaceAll(/\.consolidate-R-/g, '.consolidate-');
  // A file that is replaced is named by its id.
  const bin = /\/(?:bin|restore)-(\d+)\.(?:staged|backup)$/.exec(path)?.[1] ?? '';
  const replaced = `P/${path.includes('/restore-') ? 'undone' : 'merged'}-${bin}`;
  const destination = params.get('destination')?.replace(/^\/\.reserved\/\.inodes\/\d+$/, replaced);
  return `${op} ${plain(path)}${destination === undefined ? '' : ` → ${plain(destination)}`}`;
}
