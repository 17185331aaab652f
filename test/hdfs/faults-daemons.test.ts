import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HdfsCluster, noHdfs, ownCluster, sharedCluster } from '../support/hdfs-cluster.ts';
import type { Fault, ProxiedRequest } from '../support/hdfs-proxy.ts';
import { type Bench, consolidateWords, makeBench, stepName } from './fault-bench.ts';
import { type FaultedRun, playCase } from './fault-case.ts';
import { checkTable, type FaultRow } from './fault-table.ts';
import { fullMatrix } from './full-matrix.ts';

// Asked first: it says in one place what is missing on this machine.
const skip = (await sharedCluster()) === undefined ? noHdfs : false;

type Matches = (bench: Bench, asked: ProxiedRequest) => boolean;

function isStep(step: string): Matches {
  return (bench, asked) => asked.isMutation && stepName(bench, asked) === step;
}

/** The reading of an input's bytes. */
const isRead: Matches = (_bench, asked) => asked.to === 'datanode' && asked.op === 'OPEN';

async function restartNameNode(cluster: HdfsCluster): Promise<void> {
  await cluster.startNameNode();
  // Out of safe mode, and the DataNode has found it.
  await cluster.startDataNode();
}

interface Restart {
  readonly kill: (cluster: HdfsCluster) => Promise<void>;
  readonly start: (cluster: HdfsCluster) => Promise<void>;
}

const nameNode: Restart = { kill: (cluster) => cluster.killNameNode(), start: restartNameNode };
const dataNode: Restart = {
  kill: (cluster) => cluster.killDataNode(),
  start: (cluster) => cluster.startDataNode(),
};

/** A daemon is killed and back at once, and the request's connection is gone. */
function backAtOnce(
  what: string,
  { kill, start }: Restart,
  step: string,
  when: 'before' | 'after',
  mayExit: readonly number[],
): FaultedRun {
  return {
    step,
    fault: `kill -9 of the ${what} ${when} it; back at once`,
    mayExit,
    async act(bench) {
      const restart = async (): Promise<void> => {
        await kill(bench.cluster);
        await start(bench.cluster);
      };
      let restarted: Promise<void> | undefined;
      const action = (): Promise<void> => {
        restarted = restart();
        return restarted;
      };
      const run = await runWith(bench, isStep(step), { kind: 'call', when, andThen: 'break', action });
      // Another request of the run may have ended it sooner.
      await restarted;
      return run;
    },
  };
}

/** A daemon is killed and back only when the run has ended. */
function backLater(
  what: string,
  { kill, start }: Restart,
  at: { readonly step: string; readonly matches: Matches; readonly nth?: number },
  mayExit: readonly number[],
): FaultedRun {
  return {
    step: at.step,
    fault: `kill -9 of the ${what} before it; back after the run`,
    mayExit,
    async act(bench) {
      const action = (): Promise<void> => kill(bench.cluster);
      try {
        return await runWith(bench, at.matches, { kind: 'call', when: 'before', action }, at.nth);
      } finally {
        await start(bench.cluster);
      }
    },
  };
}

/** A DataNode dies with half a file read or written. */
function halfway(fault: Fault, step: string, matches: Matches): FaultedRun {
  return {
    step,
    fault: 'kill -9 of the DataNode halfway; back after the run',
    mayExit: [10],
    async act(bench) {
      const laid = bench.proxy.ambush((asked) => matches(bench, asked), fault);
      const killed = laid.sprung.then(() => bench.cluster.killDataNode());
      try {
        const run = await bench.start(consolidateWords, lessPatient).finished;
        await killed;
        return run;
      } finally {
        await bench.cluster.startDataNode();
      }
    },
  };
}

function safeMode(step: string | undefined, mayExit: readonly number[]): FaultedRun {
  return {
    step: step ?? 'before the run',
    fault: 'safe mode until the run has ended',
    mayExit,
    async act(bench) {
      const enter = async (): Promise<void> => {
        await bench.cluster.dfsadmin('-safemode', 'enter');
      };
      try {
        if (step === undefined) await enter();
        const matches = isStep(step ?? '');
        return await runWith(bench, matches, { kind: 'call', when: 'before', action: enter });
      } finally {
        await bench.cluster.dfsadmin('-safemode', 'leave');
      }
    },
  };
}

/** Fewer tries than usual: what is away stays away until the run has ended. */
const lessPatient = { MAX_RETRIES: '1' };

async function runWith(bench: Bench, matches: Matches, fault: Fault, nth = 1) {
  bench.proxy.ambush((asked) => matches(bench, asked), fault, { nth });
  return await bench.start(consolidateWords, lessPatient).finished;
}

const journal = 'RENAME R/journal.json.staged → R/journal.json';
const tail = 'RENAME R/bin-0-tail-0.staged → P/.consolidate-0-0.tail';
const base = 'RENAME R/bin-0-base.staged → P/merged-0';
const concat = 'CONCAT P/merged-0';
const replace = 'RENAME R/bin-0.staged → P/merged-0';
const receipt = 'RENAME R/receipt.json.staged → R/receipt.json';
const staged = 'CREATE R/bin-0.staged';

function at(step: string) {
  return { step, matches: isStep(step) };
}

const usual: readonly FaultedRun[] = [
  backAtOnce('NameNode', nameNode, concat, 'before', [0]),
  backAtOnce('NameNode', nameNode, concat, 'after', [0]),
  backAtOnce('NameNode', nameNode, replace, 'after', [0]),
  backLater('NameNode', nameNode, at(journal), [10]),
  backLater('NameNode', nameNode, at(concat), [14]),
  backLater('NameNode', nameNode, at(replace), [14]),
  backLater('DataNode', dataNode, { step: 'OPEN of the third input', matches: isRead, nth: 3 }, [10]),
  backLater('DataNode', dataNode, at(concat), [0, 10, 14]),
  halfway({ kind: 'cut-download', afterBytes: 2_000 }, 'OPEN of an input', isRead),
  halfway({ kind: 'cut-upload', afterBytes: 2_000 }, staged, isStep(staged)),
  safeMode(undefined, [10]),
  safeMode(concat, [14]),
];

/** Every step before and after which a daemon may die. */
const everyStep: readonly FaultedRun[] = [staged, journal, tail, base, concat, replace, receipt].flatMap(
  (step) => [
    backAtOnce('NameNode', nameNode, step, 'before', [0, 10]),
    backAtOnce('NameNode', nameNode, step, 'after', [0, 10]),
    backAtOnce('DataNode', dataNode, step, 'before', [0, 10]),
    backAtOnce('DataNode', dataNode, step, 'after', [0, 10]),
    backLater('NameNode', nameNode, at(step), [10, 14]),
    backLater('DataNode', dataNode, at(step), [0, 10, 14]),
  ],
);

async function playAll(
  t: import('node:test').TestContext,
  cluster: HdfsCluster,
  cases: readonly FaultedRun[],
): Promise<readonly FaultRow[]> {
  const rows: FaultRow[] = [];
  for (const [index, faulted] of cases.entries()) {
    await t.test(`${faulted.fault}: ${faulted.step}`, async () => {
      const bench = await makeBench(cluster, `daemons-${index}`);
      try {
        rows.push(await playCase(bench, faulted));
      } finally {
        await bench.close();
      }
    });
  }
  return rows;
}

test('daemons that die, and safe mode', { skip }, async (t) => {
  const cluster = await ownCluster();
  const rows = await playAll(t, cluster, usual);
  assert.equal(checkTable('daemons', rows), undefined);
  if (fullMatrix) await playAll(t, cluster, everyStep);
  await cluster.stop();
});
