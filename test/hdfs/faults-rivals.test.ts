import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CliRun, StartedCli } from '../cli/cli-process.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import type { Fault } from '../support/hdfs-proxy.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { type Bench, consolidateWords, date, endingOf, makeBench, runOn, stepName } from './fault-bench.ts';
import { type FaultedRun, playCase } from './fault-case.ts';
import { checkTable, type FaultRow } from './fault-table.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : false;

/** Longer than a lock lives without a sign of life from its holder. */
const deadMs = 11 * 60_000;

function ambushAt(bench: Bench, step: string, fault: Fault) {
  return bench.proxy.ambush((asked) => asked.isMutation && stepName(bench, asked) === step, fault);
}

/** As if the holder had shown no sign of life for so long. */
async function ageLock(bench: Bench): Promise<void> {
  const path = `${bench.base}/_consolidation/${date}/lock/owner.json`;
  const params = { modificationtime: Date.now() - deadMs, accesstime: -1 };
  await hdfs(bench.cluster, { method: 'PUT', op: 'SETTIMES', path, params });
}

/** Another run, while the first one stands still. */
async function another(bench: Bench, exit: number, ending: string): Promise<void> {
  const run = await runOn(bench, consolidateWords);
  assert.equal(`${run.exit}, ${endingOf(run)}`, `${exit}, ${ending}`, run.stderr);
}

/** Two runs at once: the second is turned away while the first is at this step. */
function turnedAway(step: string): FaultedRun {
  return {
    step,
    fault: 'a second run comes (and ends with 11, lock-held)',
    mayExit: [0],
    async act(bench) {
      const action = (): Promise<void> => another(bench, 11, 'lock-held');
      ambushAt(bench, step, { kind: 'call', when: 'before', action });
      return await bench.start(consolidateWords).finished;
    },
  };
}

/** The holder is stopped (SIGSTOP) right after a step, given up for dead, taken over, and wakes up. */
function stoppedAfter(step: string, ending: string): FaultedRun {
  return {
    step: `after ${step}`,
    fault: `holder stands still beyond its lock's death, another run takes over, holder wakes up`,
    mayExit: [11],
    async act(bench) {
      let first: StartedCli | undefined;
      const laid = ambushAt(bench, step, {
        kind: 'call',
        when: 'after',
        action: async () => {
          first?.child.kill('SIGSTOP');
        },
      });
      first = bench.start(consolidateWords);
      await laid.sprung;
      await ageLock(bench);
      await another(bench, 0, ending);
      first.child.kill('SIGCONT');
      return await first.finished;
    },
  };
}

/** The same, but a request of the holder is already on its way and arrives only after it was taken over. */
function delayed(step: string, ending: string): FaultedRun {
  return {
    step,
    fault: `the request is held up in the network beyond the lock's death, another run takes over, then it arrives`,
    mayExit: [11],
    async act(bench): Promise<CliRun> {
      ambushAt(bench, step, {
        kind: 'call',
        when: 'before',
        action: async () => {
          await ageLock(bench);
          await another(bench, 0, ending);
        },
      });
      return await bench.start(consolidateWords).finished;
    },
  };
}

const journal = 'RENAME R/journal.json.staged → R/journal.json';
const tail = 'RENAME R/bin-0-tail-0.staged → P/.consolidate-0-0.tail';
const base = 'RENAME R/bin-0-base.staged → P/merged-0';
const concat = 'CONCAT P/merged-0';
const replace = 'RENAME R/bin-0.staged → P/merged-0';

const cases: readonly FaultedRun[] = [
  turnedAway('CREATE R/bin-0.staged'),
  turnedAway(concat),
  turnedAway(replace),
  // Its own directory is gone: it notices that before it looks at its lock.
  stoppedAfter('CREATE R/bin-0.staged', 'small-files'),
  stoppedAfter(journal, 'small-files'),
  stoppedAfter(tail, 'small-files'),
  stoppedAfter(base, 'small-files'),
  stoppedAfter(concat, 'nothing-to-merge'),
  stoppedAfter(replace, 'nothing-to-merge'),
  delayed(journal, 'small-files'),
  delayed(tail, 'small-files'),
  delayed(base, 'small-files'),
  delayed(concat, 'small-files'),
  delayed(replace, 'nothing-to-merge'),
];

test('two runs, and holders that come back from the dead', { skip, concurrency: 2 }, async (t) => {
  if (shared === undefined) return;
  const rows: FaultRow[] = [];
  await Promise.all(
    cases.map((faulted, index) =>
      t.test(`${faulted.fault}: ${faulted.step}`, async () => {
        const bench = await makeBench(shared, `rivals-${index}`);
        try {
          rows[index] = await playCase(bench, faulted);
        } finally {
          await bench.close();
        }
      }),
    ),
  );
  assert.equal(checkTable('rivals', rows), undefined);
});
