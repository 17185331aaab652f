import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { putFile, type SmallFile, smallFiles } from '../support/hdfs-seed.ts';
import { type Bench, consolidateWords, makeBench, stepName } from './fault-bench.ts';
import { type FaultedRun, playCase } from './fault-case.ts';
import { checkTable, type FaultRow } from './fault-table.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : false;

/** Moments of a run, each by a mutation and the side of it. */
const moments = {
  'after planning': { when: 'before', step: 'CREATE R/bin-0.staged' },
  'before the journal': { when: 'before', step: 'CREATE R/journal.json.staged' },
  'after the journal': { when: 'after', step: 'RENAME R/journal.json.staged → R/journal.json' },
  'after the tail': { when: 'after', step: 'RENAME R/bin-0-tail-0.staged → P/.consolidate-0-0.tail' },
  'after the base': { when: 'after', step: 'RENAME R/bin-0-base.staged → P/merged-0' },
  'while CONCAT is on its way': { when: 'before', step: 'CONCAT P/merged-0' },
  'between fold and replace': { when: 'after', step: 'CONCAT P/merged-0' },
  'while RENAME is on its way': { when: 'before', step: 'RENAME R/bin-0.staged → P/merged-0' },
} as const;

type Moment = keyof typeof moments;

/** What somebody else does to the partition. */
interface Change {
  readonly name: string;
  act(bench: Bench, others: readonly SmallFile[]): Promise<void>;
}

function third(bench: Bench): SmallFile {
  const file = bench.files[2];
  if (file === undefined) throw new RangeError('the partition has fewer than three files');
  return file;
}

async function put(bench: Bench, name: string, file: SmallFile): Promise<void> {
  await putFile(bench.cluster, `${bench.partition}/${name}`, file.bytes);
  for (const id of file.ids) bench.ids.add(id);
}

async function remove(bench: Bench, file: SmallFile): Promise<void> {
  await hdfs(bench.cluster, { method: 'DELETE', op: 'DELETE', path: `${bench.partition}/${file.name}` });
  for (const id of file.ids) bench.ids.delete(id);
}

function first(files: readonly SmallFile[]): SmallFile {
  const file = files[0];
  if (file === undefined) throw new RangeError('there are no files');
  return file;
}

const added: Change = {
  name: 'a file is added',
  act: (bench, others) => put(bench, first(others).name, first(others)),
};
const replaced: Change = {
  name: 'an input is replaced',
  async act(bench, others) {
    for (const id of third(bench).ids) bench.ids.delete(id);
    await put(bench, third(bench).name, first(others));
  },
};
/** Its footer once more: the same rows in a longer file. */
const grown: Change = {
  name: 'an input is appended to',
  async act(bench) {
    const { name, bytes } = third(bench);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const body = bytes.subarray(bytes.length - 8 - view.getUint32(bytes.length - 8, true));
    await hdfs(bench.cluster, { method: 'POST', op: 'APPEND', path: `${bench.partition}/${name}`, body });
  },
};
const removed: Change = { name: 'an input is removed', act: (bench) => remove(bench, third(bench)) };
const overwritten: Change = {
  name: 'another job overwrites the partition',
  async act(bench, others) {
    await hdfs(bench.cluster, {
      method: 'DELETE',
      op: 'DELETE',
      path: bench.partition,
      params: { recursive: true },
    });
    bench.ids.clear();
    await hdfs(bench.cluster, { method: 'PUT', op: 'MKDIRS', path: bench.partition });
    for (const file of others) await put(bench, file.name, file);
  },
};

function changeAt(moment: Moment, change: Change, others: readonly SmallFile[], rest: Expected): FaultedRun {
  return {
    step: moment,
    fault: change.name,
    async act(bench) {
      const { step, when } = moments[moment];
      const laid = bench.proxy.ambush((asked) => asked.isMutation && stepName(bench, asked) === step, {
        kind: 'call',
        when,
        action: () => change.act(bench, others),
      });
      const run = await bench.start(consolidateWords).finished;
      assert.equal(laid.times(), 1, `${moment} was never reached: ${run.stderr}`);
      return run;
    },
    ...rest,
  };
}

type Expected = Pick<FaultedRun, 'mayExit' | 'healing' | 'recoverExit'>;

test('somebody else changes the partition in the middle of a run', { skip, concurrency: 2 }, async (t) => {
  if (shared === undefined) return;
  const others = await smallFiles(2, { rowsPerFile: 10, first: 100 });
  const cases: readonly FaultedRun[] = [
    changeAt('after planning', added, others, { mayExit: [0] }),
    changeAt('after the base', added, others, { mayExit: [0] }),
    changeAt('between fold and replace', added, others, { mayExit: [0] }),
    changeAt('after planning', replaced, others, { mayExit: [10] }),
    changeAt('before the journal', replaced, others, { mayExit: [10] }),
    changeAt('after the journal', replaced, others, { mayExit: [10] }),
    changeAt('after the tail', replaced, others, { mayExit: [10] }),
    changeAt('after the base', replaced, others, { mayExit: [10] }),
    changeAt('while CONCAT is on its way', replaced, others, { mayExit: [0, 3] }),
    changeAt('after planning', grown, others, { mayExit: [10] }),
    changeAt('after the base', grown, others, { mayExit: [10] }),
    changeAt('while CONCAT is on its way', grown, others, { mayExit: [3] }),
    changeAt('after planning', removed, others, { mayExit: [10] }),
    changeAt('before the journal', removed, others, { mayExit: [10] }),
    changeAt('after the journal', removed, others, { mayExit: [10] }),
    changeAt('after the base', removed, others, { mayExit: [10] }),
    changeAt('while CONCAT is on its way', removed, others, { mayExit: [10] }),
    changeAt('between fold and replace', overwritten, others, { mayExit: [14], recoverExit: 0 }),
    changeAt('while RENAME is on its way', overwritten, others, { mayExit: [14], recoverExit: 0 }),
  ];
  const rows: FaultRow[] = [];
  await Promise.all(
    cases.map((faulted, index) =>
      t.test(`${faulted.fault}, ${faulted.step}`, async () => {
        const bench = await makeBench(shared, `change-${index}`);
        try {
          rows[index] = await playCase(bench, faulted);
        } finally {
          await bench.close();
        }
      }),
    ),
  );
  assert.equal(checkTable('changes', rows), undefined);
});
