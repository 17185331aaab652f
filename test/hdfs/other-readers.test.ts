import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StartedCli } from '../cli/cli-process.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { type HdfsCluster, noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { listAll, readWhole } from '../support/hdfs-reader.ts';
import { demoPartitionFiles } from '../support/hdfs-seed.ts';
import { runPython, skipWithoutPython } from '../support/python-env.ts';
import { type Bench, consolidateWords, makeBench, runOn, stepName } from './fault-bench.ts';
import { killNow } from './fault-case.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : skipWithoutPython();

/** Copies a directory of HDFS with everything in it, hidden or not. */
async function download(cluster: HdfsCluster, from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const { name, type } of await listAll(cluster, from)) {
    if (type === 'DIRECTORY') await download(cluster, `${from}/${name}`, join(to, name));
    else await writeFile(join(to, name), await readWhole(cluster, `${from}/${name}`));
  }
}

/** Kills a run right before one of its mutations and leaves everything as it is. */
async function killedBefore(bench: Bench, step: string): Promise<void> {
  let started: StartedCli | undefined;
  const laid = bench.proxy.ambush((asked) => asked.isMutation && stepName(bench, asked) === step, {
    kind: 'call',
    when: 'before',
    andThen: 'break',
    action: async () => {
      if (started !== undefined) await killNow(started);
    },
  });
  started = bench.start(consolidateWords);
  const run = await started.finished;
  assert.equal(laid.times(), 1, run.stderr);
}

/** States a reader may find a dataset in, the worst ones included. */
const states: readonly { readonly name: string; reach(bench: Bench): Promise<void> }[] = [
  {
    name: 'killed before the base',
    reach: (bench) => killedBefore(bench, 'RENAME R/bin-0-base.staged → P/merged-0'),
  },
  { name: 'killed before CONCAT', reach: (bench) => killedBefore(bench, 'CONCAT P/merged-0') },
  {
    name: 'killed between fold and replace',
    reach: (bench) => killedBefore(bench, 'RENAME R/bin-0.staged → P/merged-0'),
  },
  {
    name: 'consolidated, with a backup',
    async reach(bench) {
      assert.equal((await runOn(bench, consolidateWords)).exit, 0);
    },
  },
  {
    name: 'consolidated and undone',
    async reach(bench) {
      assert.equal((await runOn(bench, consolidateWords)).exit, 0);
      assert.equal((await runOn(bench, ['undo', '2025-08-15'])).exit, 0);
    },
  },
  {
    name: 'only folded',
    async reach(bench) {
      assert.equal((await runOn(bench, [...consolidateWords, '--mode', 'fold'])).exit, 0);
    },
  },
];

test('no reader takes anything of ours for data, whatever state a run was left in', { skip }, async (t) => {
  if (shared === undefined) return;
  for (const [index, { name, reach }] of states.entries()) {
    const bench = await makeBench(shared, `tree-${index}`);
    try {
      await reach(bench);
      const directory = await tempDirectory(t);
      await download(shared, bench.base, directory);
      const { stdout } = await runPython('test/hdfs/whole_tree.py', [directory]);
      const found = JSON.parse(stdout) as Readonly<Record<string, readonly [number, number]>>;
      assert.equal(Object.keys(found).length, 6);
      for (const [reader, counts] of Object.entries(found)) {
        assert.deepEqual(counts, [bench.ids.size, bench.ids.size], `${name}: ${reader}`);
      }
    } finally {
      await bench.close();
    }
  }
});

test('pyarrow, DuckDB and polars read a file that HDFS folded as they read its inputs', {
  skip,
}, async (t) => {
  if (shared === undefined) return;
  const files = await demoPartitionFiles();
  const bench = await makeBench(shared, 'folded', { files });
  try {
    const directory = await tempDirectory(t);
    const inputs = join(directory, 'inputs');
    await download(shared, bench.partition, inputs);
    assert.equal((await runOn(bench, [...consolidateWords, '--mode', 'fold'])).exit, 0);
    const folded = join(directory, 'folded');
    await download(shared, bench.partition, folded);
    const [name, ...others] = (await listAll(shared, bench.partition)).map((entry) => entry.name);
    assert.deepEqual(others, []);
    const { stdout } = await runPython('test/parquet/fold_witness.py', [inputs, join(folded, name ?? '')]);
    assert.match(stdout, /^\{.*\}\n$/);
  } finally {
    await bench.close();
  }
});
