import assert from 'node:assert/strict';
import type { CliRun, StartedCli } from '../cli/cli-process.ts';
import {
  assertEveryRowOnce,
  assertTidy,
  type Bench,
  consolidateWords,
  endingOf,
  recoveryOf,
  runOn,
  stateOf,
} from './fault-bench.ts';
import type { FaultRow } from './fault-table.ts';

/** What a run or a recovery took out again was a change: the partition is quiet only an hour later. */
const healingWords = [...consolidateWords, '--quiet-minutes', '0'];

/** How a case is brought in order: by `recover` and then an ordinary run, or by an ordinary run alone. */
export type Healing = 'recover' | 'next run';

/** A run under a fault, and what to hold it against. */
export interface FaultedRun {
  readonly step: string;
  readonly fault: string;
  /** Lays the fault and starts the run; resolves once the run has ended and the fault is over. */
  act(bench: Bench): Promise<CliRun>;
  /** The exit codes and signals it may end with. */
  readonly mayExit: readonly (number | string)[];
  /** Default: `recover`. */
  readonly healing?: Healing;
  /** Rows of a case whose fault changed what is there; default: each of the bench's, once. */
  readonly afterwards?: (bench: Bench, when: string) => Promise<void>;
}

/**
 * Runs a case to its end: fault, I1 at once; recovery, I1 and I4; an ordinary run that succeeds; another that finds
 * nothing to do, so that nothing is left over.
 */
export async function playCase(bench: Bench, faulted: FaultedRun): Promise<FaultRow> {
  const { step, fault, healing = 'recover', afterwards = assertEveryRowOnce } = faulted;
  const name = `${fault}, ${step}`;
  const run = await faulted.act(bench);
  await afterwards(bench, `after: ${name}`);
  const said = `exit ${run.exit}, ${run.stderr}`;
  assert.ok(faulted.mayExit.includes(run.exit), `${name}: ${said}`);
  const state = await stateOf(bench);

  let healedBy = 'nothing was left to do';
  if (healing === 'recover') {
    const recovery = await runOn(bench, ['recover']);
    assert.equal(recovery.exit, 0, `recover after ${name}: ${recovery.stderr}`);
    const action = recoveryOf(recovery);
    if (action !== 'nothing') healedBy = `recover: ${action}`;
    await afterwards(bench, `recovered from: ${name}`);
    await assertTidy(bench, `recovered from: ${name}`);
  }
  if (run.exit !== 0) {
    const next = await runOn(bench, healingWords);
    assert.equal(next.exit, 0, `the run after ${name}: ${next.stderr}`);
    if (healing === 'next run' && state !== (await stateOf(bench))) healedBy = 'the next run';
    await afterwards(bench, `after the run after: ${name}`);
  }
  const last = await runOn(bench, healingWords);
  assert.equal(last.exit, 0, `the last run after ${name}: ${last.stderr}`);
  assert.match(endingOf(last), /^(nothing-to-merge|on-hold)$/, `the last run after ${name}`);
  await afterwards(bench, `at the end: ${name}`);
  await assertTidy(bench, `at the end: ${name}`);
  return { step, fault, exit: exitText(run), state, healedBy };
}

/** `0, consolidated`, `10, nn-unreachable`, `SIGKILL`. */
export function exitText(run: CliRun): string {
  return typeof run.exit === 'string' ? run.exit : `${run.exit}, ${endingOf(run)}`;
}

/** kill -9; resolves once the process is gone. */
export async function killNow({ child, finished }: StartedCli): Promise<void> {
  child.kill('SIGKILL');
  await finished;
}
