import assert from 'node:assert/strict';
import type { CheckResult } from '../../src/cli/doctor/check.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import type { CliRun } from '../cli/cli-process.ts';

/** What the doctor said as JSON. */
export interface DoctorReport {
  readonly exit: number | string;
  readonly checks: readonly CheckResult[];
  /** The verdict of the check of this name; `undefined` where there was none. */
  verdict(name: string): string | undefined;
  /** Detail and hint of the check of this name. */
  text(name: string): string;
}

/** Runs the doctor in this process. */
export async function doctor(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<DoctorReport> {
  return doctorReport(await runCliInProcess(['doctor', '--output', 'json', ...args], env));
}

/** What a run of `doctor --output json` said. */
export function doctorReport(run: CliRun): DoctorReport {
  assert.equal(run.stderr, '');
  const line = JSON.parse(run.stdout) as { exitCode: number; checks: CheckResult[] };
  assert.equal(line.exitCode, run.exit);
  const named = (name: string): CheckResult | undefined => line.checks.find((check) => check.name === name);
  return {
    exit: run.exit,
    checks: line.checks,
    verdict: (name) => named(name)?.verdict,
    text: (name) => `${named(name)?.detail ?? ''} next: ${named(name)?.hint ?? ''}`,
  };
}
