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
  /** Whether a run that succeeds leaves something for the next one. */
  readonly leavesWork?: boolean;
  /** What the `recover` afterwards ends with; default 0. */
  readonly recoverExit?: number;
}

/**
 * Runs a case to its end: fault, I1 at once; recovery, I1 and I4; an ordinary run that succeeds; another that finds
 * nothing to do, so that nothing is left over.
 */
export async function playCase(bench: Bench, faulted: FaultedRun): Promise<FaultRow> {
  const { step, fault, healing = 'recover', recoverExit = 0 } = faulted;
  const name = `${fault}, ${step}`;
  const run = await faulted.act(bench);
  const said = `exit ${run.exit}, ${run.stderr}`;
  await assertEveryRowOnce(bench, `after: ${name}: ${said}`);
  assert.ok(faulted.mayExit.includes(run.exit), `${name}: ${said}`);
  const state = await stateOf(bench);

  let healedBy = 'nothing was left to do';
  if (healing === 'recover') {
    const recovery = await runOn(bench, ['recover']);
    assert.equal(recovery.exit, recoverExit, `recover after ${name}: ${recovery.stderr}`);
    const action = recoveryOf(recovery);
    if (action !== 'nothing') healedBy = `recover: ${action}`;
    else if (state !== (await stateOf(bench))) healedBy = 'recover';
    await assertEveryRowOnce(bench, `recovered from: ${name}`);
    await assertTidy(bench, `recovered from: ${name}`);
  }
  // Also a run that ended well may have left its work to a later one: it had something else to do, or only folded.
  if (run.exit !== 0 || endingOf(run) !== 'small-files' || faulted.leavesWork === true) {
    const next = await runOn(bench, consolidateWords);
    assert.equal(next.exit, 0, `the run after ${name}: ${next.stderr}`);
    if (healing === 'next run' && state !== (await stateOf(bench))) healedBy = 'the next run';
    await assertEveryRowOnce(bench, `after the run after: ${name}`);
  }
  const last = await runOn(bench, consolidateWords);
  assert.equal(last.exit, 0, `the last run after ${name}: ${last.stderr}`);
  assert.match(endingOf(last), /^(nothing-to-merge|on-hold)$/, `the last run after ${name}`);
  await assertEveryRowOnce(bench, `at the end: ${name}`);
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
