import { styleFor } from '../../src/cli/output/style.ts';
import { runOn } from '../../src/cli/run.ts';
import type { CliRun } from './cli-process.ts';

/** Runs the program to its end in this process, for runs that nothing is done to: many start-ups take their time. */
export async function runCliInProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<CliRun> {
  let stdout = '';
  let stderr = '';
  const terminal = {
    out: (text: string): void => {
      stdout += text;
    },
    err: (text: string): void => {
      stderr += text;
    },
    style: styleFor('stdout', { NO_COLOR: '1' }),
    errStyle: styleFor('stderr', { NO_COLOR: '1' }),
    showsProgress: false,
    columns: 80,
  };
  const exit = await runOn(terminal, args, env);
  return { exit, stdout, stderr };
}
