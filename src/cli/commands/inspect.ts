import { resolve } from 'node:path';
import { type ExitCode, exitCodes } from '../../core/exit-codes.ts';
import { readFooter } from '../../parquet/footer.ts';
import type { Invocation } from '../command-line.ts';
import type { CliEnvironment } from '../environment.ts';
import { describeFile } from '../inspect/describe-file.ts';
import { renderFile } from '../inspect/render-file.ts';
import { openLocalFile } from '../local-files.ts';
import { jsonLine } from '../output/json-line.ts';

type InspectInvocation = Extract<Invocation, { command: 'inspect' }>;

/** Shows what the footer of a local Parquet file says. */
export async function runInspect(
  invocation: InspectInvocation,
  { terminal }: CliEnvironment,
): Promise<ExitCode> {
  const source = await openLocalFile(resolve(invocation.file));
  try {
    const description = describeFile(await readFooter(source));
    terminal.out(
      invocation.output === 'json'
        ? jsonLine({ command: 'inspect', exitCode: exitCodes.ok, ...description })
        : renderFile(description, terminal.style),
    );
  } finally {
    await source.close();
  }
  return exitCodes.ok;
}
