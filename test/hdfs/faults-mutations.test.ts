import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StartedCli } from '../cli/cli-process.ts';
import { type HdfsCluster, noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import type { Fault, ProxiedRequest } from '../support/hdfs-proxy.ts';
import {
  assertEveryRowOnce,
  type Bench,
  consolidateWords,
  makeBench,
  runOn,
  stepName,
} from './fault-bench.ts';
import { type FaultedRun, killNow, playCase } from './fault-case.ts';
import { checkTable, type FaultRow } from './fault-table.ts';
import { fullMatrix } from './full-matrix.ts';

const shared = await sharedCluster();
const skip = shared === undefined ? noHdfs : false;

/** A mutation of a run: the n-th of its name. */
interface Step {
  readonly name: string;
  readonly nth: number;
}

/** The mutations of a command, as a run without faults makes them. */
async function stepsOf(cluster: HdfsCluster, action: Action): Promise<readonly Step[]> {
  const bench = await makeBench(cluster, `reference-${action.name.replaceAll(' ', '-')}`);
  try {
    await action.prepare(bench);
    bench.proxy.reset();
    assert.equal((await runOn(bench, action.words)).exit, 0);
    await assertEveryRowOnce(bench, 'after a run without faults');
    const names = inFixedOrder(
      bench.proxy.requests.filter(({ isMutation }) => isMutation).map((asked) => stepName(bench, asked)),
    );
    return names.map((name, i) => ({
      name,
      nth: names.slice(0, i + 1).filter((other) => other === name).length,
    }));
  } finally {
    await bench.close();
  }
}

/** Files that are written at the same time begin in any order: as if it were that of their names. */
function inFixedOrder(names: readonly string[]): readonly string[] {
  const isStaged = (name: string): boolean => name.startsWith('CREATE R/bin-');
  const staged = names.filter(isStaged).sort();
  return names.map((name) => (isStaged(name) ? (staged.shift() ?? name) : name));
}

/** A command whose every mutation is put at risk. */
interface Action {
  readonly name: string;
  readonly words: readonly string[];
  prepare(bench: Bench): Promise<void>;
}

const consolidation: Action = { name: 'consolidate', words: consolidateWords, prepare: async () => {} };
const folding: Action = {
  name: 'fold alone',
  words: [...consolidateWords, '--mode', 'fold'],
  prepare: async () => {},
};
const undoing: Action = {
  name: 'undo',
  words: ['undo', '2025-08-15'],
  async prepare(bench) {
    assert.equal((await runOn(bench, consolidateWords)).exit, 0);
  },
};

/** Mutations that are handled by the same code: a record is a small file written and renamed into its place. */
function kindOf(name: string): string {
  if (name.startsWith('CREATE')) return name.includes('.json') ? 'create record' : 'create staged file';
  if (name.startsWith('RENAME') && name.endsWith('.json')) return 'rename record';
  return name.startsWith('RENAME') ? name : name.slice(0, name.indexOf(' '));
}

type Mode = 'kill before' | 'kill after' | 'reset' | 'reply lost' | 'cut';

const inWords: Readonly<Record<Mode, string>> = {
  'kill before': 'kill -9 before it',
  'kill after': 'kill -9 after it',
  reset: 'connection breaks before it',
  'reply lost': 'reply lost',
  cut: 'upload cut short',
};

function faultOf(mode: Mode, started: () => StartedCli): Fault {
  const action = (): Promise<void> => killNow(started());
  switch (mode) {
    case 'kill before':
      return { kind: 'call', when: 'before', action, andThen: 'break' };
    case 'kill after':
      return { kind: 'call', when: 'after', action, andThen: 'break' };
    case 'reset':
      return { kind: 'reset' };
    case 'reply lost':
      return { kind: 'lose-reply' };
    case 'cut':
      return { kind: 'cut-upload', afterBytes: 100 };
  }
}

function faultedRun(action: Action, step: Step, mode: Mode): FaultedRun {
  return {
    step: step.name,
    fault: inWords[mode],
    async act(bench) {
      await action.prepare(bench);
      let started: StartedCli | undefined;
      const fault = faultOf(mode, () => {
        if (started === undefined) throw new Error('a request came before the run was started');
        return started;
      });
      const isStep = (asked: ProxiedRequest): boolean =>
        asked.isMutation && stepName(bench, asked) === step.name;
      const laid = bench.proxy.ambush(isStep, fault, { nth: step.nth });
      started = bench.start(action.words);
      const run = await started.finished;
      assert.equal(laid.times(), 1, `${step.name} was never reached: ${run.stderr}`);
      return run;
    },
    mayExit: mode.startsWith('kill') ? ['SIGKILL'] : [0],
    healing: mode.startsWith('kill') ? 'recover' : 'next run',
    leavesWork: action !== consolidation,
  };
}

async function playAll(
  t: import('node:test').TestContext,
  cluster: HdfsCluster,
  action: Action,
  modes: readonly Mode[],
  isAtRisk: (step: Step) => boolean = () => true,
): Promise<readonly FaultRow[]> {
  const steps = (await stepsOf(cluster, action)).filter(isAtRisk);
  const kinds = steps.map((step) => kindOf(step.name));
  const cases = steps.flatMap((step, index) => {
    const isFirstOfKind = kinds.indexOf(kinds[index] ?? '') === index;
    const isWanted = (mode: Mode): boolean => {
      if (mode === 'cut' && !step.name.startsWith('CREATE')) return false;
      if (fullMatrix || mode === 'kill before') return true;
      // Killed after one mutation is killed before the next: only the last has an after of its own.
      return mode === 'kill after' ? index === steps.length - 1 : isFirstOfKind;
    };
    return modes.filter(isWanted).map((mode) => ({ step, index, mode }));
  });
  const rows: FaultRow[] = [];
  await Promise.all(
    cases.map(({ step, index, mode }, at) =>
      t.test(`${action.name}: ${inWords[mode]}: ${step.name}`, async () => {
        const name = `${action.name}-${index}-${mode}`.replaceAll(' ', '-');
        const bench = await makeBench(cluster, name);
        try {
          rows[at] = await playCase(bench, faultedRun(action, step, mode));
        } finally {
          await bench.close();
        }
      }),
    ),
  );
  return rows;
}

const allModes: readonly Mode[] = ['kill before', 'kill after', 'reset', 'reply lost', 'cut'];

test('every mutation of a consolidation', { skip, concurrency: 3 }, async (t) => {
  if (shared === undefined) return;
  const rows = await playAll(t, shared, consolidation, allModes);
  if (!fullMatrix) assert.equal(checkTable('mutations', rows), undefined);
});

/** Steps that move rows or backups; what else an undo does a consolidation does as well. */
function movesData({ name }: Step): boolean {
  return /^CONCAT|restore-| → P\//.test(name);
}

test('every mutation of an undo that moves rows or backups', { skip, concurrency: 3 }, async (t) => {
  if (shared === undefined || fullMatrix) return;
  const rows = await playAll(t, shared, undoing, ['kill before', 'kill after', 'reply lost'], movesData);
  assert.equal(checkTable('undo', rows), undefined);
});

if (fullMatrix) {
  for (const action of [folding, undoing]) {
    test(`every mutation of: ${action.name}`, { skip, concurrency: 3 }, async (t) => {
      if (shared === undefined) return;
      const rows = await playAll(t, shared, action, allModes);
      assert.ok(rows.length > 20);
    });
  }
}
