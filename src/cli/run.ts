import { StoreError } from '../core/errors.ts';
import { type ExitCode, exitCodes } from '../core/exit-codes.ts';
import { errorFacts } from '../telemetry/error-facts.ts';
import { commandWords } from './command-for.ts';
import { parseCommandLine } from './command-line.ts';
import { type CliEnvironment, programName } from './environment.ts';
import type { DatasetFlags, Invocation } from './invocation.ts';
import { type CommandFor, withHintCommands } from './output/commands-in-text.ts';
import { jsonLine } from './output/json-line.ts';
import { checkLogFormat, recordTerminal, tellError, wantsRecords } from './output/record-terminal.ts';
import { renderError } from './output/render-error.ts';
import { packageVersion } from './package-files.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/**
 * Does what the command line asks for, in this process.
 *
 * @param args the words after the program's name
 * @returns what the process should end with; never rejects
 */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const terminal = processTerminal(process.env);
  const exitCode = await runOn(terminal, args, process.env);
  const problem = await terminal.outProblem();
  if (problem === undefined) return exitCode;
  const lost = new StoreError(`cannot write to standard output: ${problem}`, {
    code: 'output-lost',
    op: 'write',
    path: 'stdout',
    dataState: `the command did its work and ended with exit code ${exitCode}; only what it had to say is lost`,
    hint: 'Make room for the output, then look with --dry-run.',
  });
  const view = { verbose: false, style: terminal.errStyle };
  tellError(wantsRecords(args, process.env) ? recordTerminal(terminal) : terminal, errorFacts(lost), view);
  return exitCode === exitCodes.ok ? lost.exitCode : exitCode;
}

/**
 * The same with another terminal and environment than those of the process.
 *
 * @returns what a process would end with; never rejects
 */
export async function runOn(
  given: Terminal,
  args: readonly string[],
  env: CliEnvironment['env'],
): Promise<ExitCode> {
  let asWritten: CommandFor = (words) => words.join(' ');
  const terminal = wantsRecords(args, env) ? recordTerminal(given) : given;
  const start = { atMs: Date.now(), ticksMs: performance.now() };
  const endings: (() => Promise<void>)[] = [];
  let environment: CliEnvironment | undefined;
  let invocation: Invocation | undefined;
  try {
    environment = {
      env,
      program: programName(env, process.argv[1], process.cwd()),
      version: packageVersion(),
      terminal,
      atEnd: (work) => {
        endings.push(work);
      },
      loads: new Map(),
    };
    checkLogFormat(env);
    invocation = parseCommandLine(args, environment.program, environment.version);
    if ('settingFlags' in invocation) asWritten = commandWords(invocation, environment);
    return await dispatch(invocation, environment);
  } catch (error) {
    const facts = withHintCommands(errorFacts(error), asWritten);
    const verbose = args.includes('--verbose');
    if (wantsJson(args)) terminal.out(jsonLine({ exitCode: facts.exitCode, error: facts }));
    const view = { verbose, style: terminal.errStyle, commands: asWritten };
    if (terminal.record === undefined) terminal.err(renderError(error, view));
    else tellError(terminal, facts, view);
    if (environment !== undefined) {
      const { tellOfEarlyEnd } = await import('./early-end.ts');
      await tellOfEarlyEnd({ args, invocation, start, error: facts }, environment);
    }
    return facts.exitCode;
  } finally {
    await Promise.all(endings.map((work) => work()));
  }
}

// Each command's module is loaded when it is asked for: most of them bring much along that the others never need.
async function dispatch(invocation: Invocation, environment: CliEnvironment): Promise<ExitCode> {
  switch (invocation.command) {
    case 'print':
      environment.terminal.out(invocation.text);
      return exitCodes.ok;
    case 'consolidate':
      return (await import('./commands/consolidate.ts')).runConsolidate(invocation, environment);
    case 'merge':
      return (await import('./commands/merge.ts')).runMerge(invocation, environment);
    case 'merge-bin':
      return (await import('./commands/merge-bin.ts')).runMergeBin(invocation, environment);
    case 'inspect':
      return (await import('./commands/inspect.ts')).runInspect(invocation, environment);
    case 'scan':
      return each(invocation, environment, async (one) =>
        (await import('./commands/scan.ts')).runScan(one, environment),
      );
    case 'explain':
      return each(invocation, environment, async (one) =>
        (await import('./commands/explain.ts')).runExplain(one, environment),
      );
    case 'recover':
      return each(invocation, environment, async (one) =>
        (await import('./commands/recover.ts')).runRecover(one, environment),
      );
    case 'undo':
      return (await import('./commands/undo.ts')).runUndo(
        await (await import('./each-dataset.ts')).forOneDataset(invocation, environment),
        environment,
      );
    case 'cleanup':
      return each(invocation, environment, async (one) =>
        (await import('./commands/cleanup.ts')).runCleanup(one, environment),
      );
    case 'doctor':
      return each(invocation, environment, async (one) =>
        (await import('./commands/doctor.ts')).runDoctor(one, environment),
      );
    case 'advise':
      return each(invocation, environment, async (one) =>
        (await import('./commands/advise.ts')).runAdvise(one, environment),
      );
    case 'history':
      return each(invocation, environment, async (one) =>
        (await import('./commands/history.ts')).runHistory(one, environment),
      );
    case 'demo':
      return (await import('./commands/demo.ts')).runDemo(invocation, environment);
  }
}

/** Once for each dataset that the command is about. */
async function each<I extends DatasetFlags>(
  invocation: I,
  environment: CliEnvironment,
  run: (one: I) => Promise<ExitCode>,
): Promise<ExitCode> {
  return (await import('./each-dataset.ts')).eachDataset(invocation, environment, run);
}

/** Whether JSON was asked for, also on a command line that could not be understood. */
function wantsJson(args: readonly string[]): boolean {
  return (
    args.includes('--output=json') || args.some((arg, i) => arg === '--output' && args[i + 1] === 'json')
  );
}
