import { spawn } from 'node:child_process';
import { type PostTarget, postJson } from './post-json.ts';

/** A partition whose files changed places. */
export interface SwappedPartition {
  readonly kind: 'consolidate' | 'fold' | 'undo' | 'recover';
  readonly date: string;
  /** The dataset: a local path, or `hdfs://host:port/path`. */
  readonly dataset: string;
  /** The partition's directory, in the same form. */
  readonly partition: string;
  readonly runId?: string;
  readonly filesBefore?: number;
  readonly filesAfter?: number;
  readonly bytesBefore?: number;
  readonly bytesAfter?: number;
  readonly rows?: number;
}

/** What is to be done after every swap. */
export interface AfterSwap {
  /** For `/bin/sh -c`. */
  readonly command?: string;
  readonly url?: string;
  readonly timeoutMs: number;
}

/** How a hook ended. */
export interface HookOutcome {
  /** What went wrong, a sentence each. */
  readonly problems: readonly string[];
  /** What the command printed, cut. */
  readonly output: string;
}

const longestOutput = 4096;
const graceMs = 3000;

/**
 * Tells whoever caches what lies in a partition that it has other files now: runs the command, then posts to the URL. Each has the time
 * limit for itself.
 * @returns what went wrong, never rejecting: the partition is consolidated, whatever becomes of this
 */
export async function runAfterSwap(
  { command, url, timeoutMs }: AfterSwap,
  swapped: SwappedPartition,
  env: Readonly<Record<string, string | undefined>>,
): Promise<HookOutcome> {
  const ended: HookOutcome =
    command === undefined
      ? { problems: [], output: '' }
      : await runCommand(command, timeoutMs, { ...env, ...variablesOf(swapped) });
  const target: PostTarget | undefined = url === undefined ? undefined : { url, timeoutMs };
  const problem =
    target === undefined ? undefined : await postJson(target, { event: 'partition-swapped', ...swapped });
  const told = problem === undefined ? [] : [`the post-swap call failed: ${problem}`];
  return { ...ended, problems: [...ended.problems, ...told] };
}

/** The partition in the environment of the command. */
export function variablesOf(swapped: SwappedPartition): Readonly<Record<string, string>> {
  const names = {
    kind: 'CONSOLIDATED_KIND',
    date: 'CONSOLIDATED_DATE',
    dataset: 'CONSOLIDATED_DATASET',
    partition: 'CONSOLIDATED_PARTITION',
    runId: 'CONSOLIDATED_RUN_ID',
    filesBefore: 'CONSOLIDATED_FILES_BEFORE',
    filesAfter: 'CONSOLIDATED_FILES_AFTER',
    bytesBefore: 'CONSOLIDATED_BYTES_BEFORE',
    bytesAfter: 'CONSOLIDATED_BYTES_AFTER',
    rows: 'CONSOLIDATED_ROWS',
  } as const satisfies Record<keyof SwappedPartition, string>;
  const variables: Record<string, string> = {};
  for (const [fact, value] of Object.entries(swapped)) {
    const name = Object.entries(names).find(([key]) => key === fact)?.[1];
    if (name !== undefined && value !== undefined) variables[name] = String(value);
  }
  return variables;
}

function runCommand(
  command: string,
  timeoutMs: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<HookOutcome> {
  return new Promise((resolve) => {
    // A group of its own: what it starts ends with it, and Ctrl+C at the terminal is not its business.
    const child = spawn('/bin/sh', ['-c', command], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    const collect = (piece: Buffer): void => {
      output = (output + piece.toString('utf8')).slice(-longestOutput);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    let isLate = false;
    let kill: NodeJS.Timeout | undefined;
    const limit = setTimeout(() => {
      isLate = true;
      endGroup(child.pid, 'SIGTERM');
      kill = setTimeout(() => endGroup(child.pid, 'SIGKILL'), graceMs);
    }, timeoutMs);
    const end = (problem: string | undefined): void => {
      clearTimeout(limit);
      clearTimeout(kill);
      // Something it left running may hold these open.
      child.stdout.destroy();
      child.stderr.destroy();
      const last = output.trim().split('\n').slice(-3).join(' | ');
      const said = last === '' ? '' : `; it said: ${last}`;
      resolve({ problems: problem === undefined ? [] : [`the post-swap command ${problem}${said}`], output });
    };
    child.on('error', (error) => end(`could not be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      if (isLate) {
        endGroup(child.pid, 'SIGKILL');
        end(`was ended after ${timeoutMs / 1000} s`);
      } else {
        // What is still in the pipes comes first.
        setImmediate(() =>
          end(code === 0 ? undefined : `ended with ${code === null ? signal : `exit code ${code}`}`),
        );
      }
    });
  });
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has ended already.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
