import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The built program; `npm run pretest` builds it. */
export const mainPath = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** What a finished process left behind. */
export interface CliRun {
  /** Exit code, or the name of the signal that ended it. */
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a process is started. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A process that was started, and the promise of its end. */
export interface StartedCli {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly finished: Promise<CliRun>;
}

/** Starts the program with nothing in its environment but what is given and the path to the tools. */
export function startCli(args: readonly string[], options: CliOptions = {}): StartedCli {
  return startProcess(process.execPath, [mainPath, ...args], options);
}

/** Runs the program to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  return startCli(args, options).finished;
}

/** Starts any program in the same way. */
export function startProcess(command: string, args: readonly string[], options: CliOptions = {}): StartedCli {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const finished = new Promise<CliRun>((resolve, reject) => {
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({
        exit: code ?? signal ?? 'unknown',
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
  return { child, finished };
}

/** The one line of JSON on stdout. @throws SyntaxError when there is anything else on it */
export function jsonOf(run: CliRun): Record<string, unknown> {
  const lines = run.stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '') throw new SyntaxError(`expected one line, found: ${run.stdout}`);
  return JSON.parse(run.stdout);
}
