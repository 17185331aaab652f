import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StartedCli } from '../cli/cli-process.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { openForWriting } from '../support/hdfs-open-file.ts';
import type { Fault } from '../support/hdfs-proxy.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { putFile, type SmallFile, smallFiles } from '../support/hdfs-seed.ts';
import { type Bench, consolidateWords, makeBench, stepName } from './fault-bench.ts';
import { type FaultedRun, killNow, playCase } from './fault-case.ts';
import { checkTable, type FaultRow } from './fault-table.ts';

/**
 * Folds of several CONCATs: the paths of all inputs do not fit into one URL. Paths of a thousand bytes see to that
 * with a few files.
 */

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : false;

/** A directory name as long as HDFS takes them, nearly. */
const longName = 'd'.repeat(200);

async function longNamedFiles(): Promise<readonly SmallFile[]> {
  const files = await smallFiles(64, { rowsPerFile: 4 });
  return files.map((file) => ({
    ...file,
    name: file.name.replace('.parquet', `${'-'.repeat(120)}.parquet`),
  }));
}

const secondConcat = 'CONCAT P/merged-0';

function atSecondConcat(bench: Bench, fault: Fault): void {
  bench.proxy.ambush((asked) => asked.isMutation && stepName(bench, asked) === secondConcat, fault, {
    nth: 2,
  });
}

async function killBefore(bench: Bench): Promise<Awaited<StartedCli['finished']>> {
  let started: StartedCli | undefined;
  const action = async (): Promise<void> => {
    if (started !== undefined) await killNow(started);
  };
  atSecondConcat(bench, { kind: 'call', when: 'before', action, andThen: 'break' });
  started = bench.start(consolidateWords);
  return await started.finished;
}

function last(bench: Bench): SmallFile {
  const file = bench.files.at(-1);
  if (file === undefined) throw new RangeError('there are no files');
  return file;
}

const cases: readonly ((others: readonly SmallFile[]) => FaultedRun)[] = [
  () => ({
    step: 'between the CONCATs of one fold',
    fault: 'reply of the first lost',
    mayExit: [0],
    async act(bench) {
      const isConcat = ({ op }: { op: string }): boolean => op === 'CONCAT';
      bench.proxy.ambush(isConcat, { kind: 'lose-reply' });
      const run = await bench.start(consolidateWords).finished;
      const concats = bench.proxy.countByOp().get('CONCAT') ?? 0;
      assert.ok(concats >= 2, `${concats} CONCAT: the paths fit into one`);
      return run;
    },
  }),
  () => ({
    step: 'between the CONCATs of one fold',
    fault: 'kill -9',
    mayExit: ['SIGKILL'],
    act: killBefore,
  }),
  (others) => ({
    step: 'between the CONCATs of one fold',
    fault: 'kill -9, then a remaining input is replaced',
    mayExit: ['SIGKILL'],
    async act(bench) {
      const run = await killBefore(bench);
      const [other] = others;
      if (other === undefined) throw new RangeError('there is no other file');
      await putFile(bench.cluster, `${bench.partition}/${last(bench).name}`, other.bytes);
      for (const id of last(bench).ids) bench.ids.delete(id);
      for (const id of other.ids) bench.ids.add(id);
      return run;
    },
  }),
  () => ({
    step: 'between the CONCATs of one fold',
    fault: 'kill -9, then a remaining input is removed',
    mayExit: ['SIGKILL'],
    async act(bench) {
      const run = await killBefore(bench);
      await hdfs(bench.cluster, {
        method: 'DELETE',
        op: 'DELETE',
        path: `${bench.partition}/${last(bench).name}`,
      });
      for (const id of last(bench).ids) bench.ids.delete(id);
      return run;
    },
  }),
  () => ({
    step: 'between the CONCATs of one fold',
    fault: 'a remaining input is opened for writing',
    mayExit: [3],
    async act(bench) {
      const path = `${bench.partition}/${last(bench).name}`;
      let finish: () => Promise<void> = async () => {};
      const action = async (): Promise<void> => {
        finish = (await openForWriting(bench.cluster, path, 'APPEND')).finish;
      };
      atSecondConcat(bench, { kind: 'call', when: 'before', action });
      const run = await bench.start(consolidateWords).finished;
      await finish();
      await putFile(bench.cluster, path, last(bench).bytes);
      return run;
    },
  }),
];

test('a fold of several CONCATs', { skip, concurrency: 2 }, async (t) => {
  if (shared === undefined) return;
  const files = await longNamedFiles();
  const others = await smallFiles(1, { rowsPerFile: 4, first: 1_000 });
  const rows: FaultRow[] = [];
  await Promise.all(
    cases.map((makeCase, index) => {
      const faulted = makeCase(others);
      return t.test(faulted.fault, async () => {
        const bench = await makeBench(
          shared,
          `chained-${index}/${longName}/${longName}/${longName}/${longName}`,
          { files },
        );
        try {
          rows[index] = await playCase(bench, faulted);
        } finally {
          await bench.close();
        }
      });
    }),
  );
  assert.equal(checkTable('chained', rows), undefined);
});
