import assert from 'node:assert/strict';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { type CliRun, startCli } from '../cli/cli-process.ts';
import {
  assertEveryRowOnce,
  assertTidy,
  type BenchPlace,
  consolidateWords,
  date,
  endingOf,
  stepName,
  usualFiles,
} from '../hdfs/fault-bench.ts';
import type { HaPair, NameNodeId } from '../support/ha-pair.ts';
import {
  type Ambush,
  type Fault,
  type HdfsProxy,
  type ProxiedRequest,
  startProxy,
} from '../support/hdfs-proxy.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition } from '../support/hdfs-seed.ts';

/** A dataset of its own on an HA pair, with a proxy in front of each NameNode. */
export interface HaBench extends BenchPlace {
  readonly pair: HaPair;
  /** The NameNode that was active when the bench was made. */
  readonly first: NameNodeId;
  readonly second: NameNodeId;
  readonly proxies: Readonly<Record<NameNodeId, HdfsProxy>>;
  /** Runs the program, in this process unless a user was given, told of the cluster by a directory of Hadoop's configuration alone. */
  run(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<CliRun>;
  /** The same in a process of its own, whose locks are dead when it has ended. */
  runApart(words: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun>;
  /** Lays an ambush for a mutation of this name, at whichever NameNode it comes by. */
  ambush(step: string, nth: number, fault: Fault): readonly Ambush[];
  close(): Promise<void>;
}

/** Both of a pair by their names, the other first-named one second. */
export function otherThan(id: NameNodeId): NameNodeId {
  return id === 'nn1' ? 'nn2' : 'nn1';
}

/** Who runs the program on a bench, where that is not the superuser by his name alone. */
export interface HaBenchUser {
  /** Who owns the dataset. */
  readonly owner: string;
  /** More words of each command. */
  readonly words: readonly string[];
  /** More environment; with it every command runs in a process of its own. */
  readonly env: Readonly<Record<string, string>>;
}

/** Seeds a partition through the active NameNode. */
export async function makeHaBench(pair: HaPair, name: string, user?: HaBenchUser): Promise<HaBench> {
  const first = (await pair.active()) ?? 'nn1';
  await pair.settle(first);
  const second = otherThan(first);
  const files = await usualFiles();
  const base = `/ha/${name}`;
  const partition = `${base}/date=${date}`;
  await seedPartition(pair.nameNodes[first], { partition, files });
  if (user !== undefined) {
    const { owner } = user;
    const paths = [base, partition, ...files.map((file) => `${partition}/${file.name}`)];
    await Promise.all(
      paths.map((path) =>
        hdfs(pair.nameNodes[first], {
          method: 'PUT',
          op: 'SETOWNER',
          path,
          params: { owner, group: owner },
        }),
      ),
    );
  }
  const proxies = { nn1: await startProxy(pair.nameNodes.nn1), nn2: await startProxy(pair.nameNodes.nn2) };
  const conf = await pair.clientConf(proxies);
  let cluster = pair.nameNodes[first];
  const told = { HADOOP_USER_NAME: pair.superuser, HADOOP_CONF_DIR: conf, ...user?.env };
  const argsOf = (words: readonly string[]): readonly string[] => [
    ...words,
    ...['--base-path', `hdfs://ha${base}`, '--output', 'json'],
    ...(user?.words ?? []),
  ];
  const runApart = (words: readonly string[], env: Readonly<Record<string, string>>): Promise<CliRun> =>
    startCli(argsOf(words), { env: { ...told, ...env } }).finished;
  const bench: HaBench = {
    pair,
    first,
    second,
    proxies,
    base,
    partition,
    inputs: files.map((file) => file.name),
    ids: new Set(files.flatMap((file) => file.ids)),
    get cluster() {
      return cluster;
    },
    async run(words, env = {}) {
      const run =
        user === undefined
          ? await runCliInProcess(argsOf(words), { ...told, ...env })
          : await runApart(words, env);
      const active = await pair.active();
      if (active !== undefined) cluster = pair.nameNodes[active];
      return run;
    },
    runApart,
    ambush: (step, nth, fault) => {
      const isStep = (asked: ProxiedRequest): boolean => asked.isMutation && stepName(bench, asked) === step;
      return [proxies[first].ambush(isStep, fault, { nth })];
    },
    async close() {
      await Promise.all([proxies.nn1.close(), proxies.nn2.close()]);
      const active = await pair.active();
      if (active === undefined) return;
      await hdfs(pair.nameNodes[active], {
        method: 'DELETE',
        op: 'DELETE',
        path: base,
        params: { recursive: true },
      });
    },
  };
  return bench;
}

/** The active NameNode is killed, and nobody waits until the other has taken over. */
export function killActive(
  bench: HaBench,
  when: 'before' | 'after',
): { fault: Fault; takenOver: () => Promise<void> } {
  let takenOver: Promise<void> = Promise.reject(new Error('the NameNode was never killed'));
  takenOver.catch(() => {});
  const action = async (): Promise<void> => {
    await bench.pair.kill(bench.first);
    takenOver = bench.pair.activate(bench.second);
  };
  return { fault: { kind: 'call', when, action, andThen: 'break' }, takenOver: () => takenOver };
}

/** The mutations of a consolidation, as a run without faults makes them. */
export async function mutationsOf(pair: HaPair): Promise<readonly { name: string; nth: number }[]> {
  const bench = await makeHaBench(pair, 'reference');
  try {
    const run = await bench.run(consolidateWords);
    assert.equal(run.exit, 0, run.stderr);
    // The standby is asked who is active, once, and nothing else.
    const toStandby = bench.proxies[bench.second].requests;
    assert.deepEqual(
      toStandby.map(({ op }) => op),
      ['SETTIMES'],
    );
    const names = bench.proxies[bench.first].requests
      .filter(({ isMutation, path }) => isMutation && path.startsWith(bench.base))
      .map((asked) => stepName(bench, asked));
    return names.map((name, index) => ({
      name,
      nth: names.slice(0, index + 1).filter((other) => other === name).length,
    }));
  } finally {
    await bench.close();
  }
}

/** I1 and I4: every row once, nothing left over, and an ordinary run afterwards finds nothing to do. */
export async function assertSettled(bench: HaBench, when: string): Promise<void> {
  await assertEveryRowOnce(bench, when);
  await assertTidy(bench, when);
  const last = await bench.run(consolidateWords);
  assert.equal(last.exit, 0, `the run after ${when}: ${last.stderr}`);
  assert.equal(endingOf(last), 'nothing-to-merge', `the run after ${when}`);
  await assertEveryRowOnce(bench, `after the run after ${when}`);
  await assertTidy(bench, `after the run after ${when}`);
}
