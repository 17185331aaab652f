import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longest wait for a server on a machine that has other things to do. */
const startTimeoutMs = 120_000;

/** A server that a test started, and that ends with it. */
export interface ServerProcess {
  stop(): Promise<void>;
}

/** Full path of a program: in one of `directories`, else by PATH; undefined when there is none. */
export function programPath(name: string, directories: readonly string[] = []): string | undefined {
  const places = [...directories, ...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin'];
  return places
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * The `skip` option of tests that need these programs: false where all are there, and under `CI=true`, where a missing one must
 * fail; else what to install.
 */
export function skipWithoutPrograms(
  names: readonly string[],
  packages: readonly string[],
  directories: readonly string[] = [],
): string | false {
  const missing = names.filter((name) => programPath(name, directories) === undefined);
  if (process.env.CI === 'true' || missing.length === 0) return false;
  return `no ${missing.join(', ')}: on Debian, apt-get install --no-install-recommends ${packages.join(' ')}`;
}

/**
 * Starts a server and waits until it answers.
 * @param isReady whether it does; what it throws counts as no
 */
export async function startServer(
  path: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  options: SpawnOptions = {},
): Promise<ServerProcess> {
  // To a file and not through pipes, which would keep a test alive that forgot to stop its server.
  const log = join(mkdtempSync(join(tmpdir(), 'server-log-')), 'output');
  const output = openSync(log, 'a');
  const child = spawn(path, args, { ...options, stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const untilMs = Date.now() + startTimeoutMs;
  for (;;) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null)
      throw new Error(`${path} ended with ${child.exitCode}: ${readFileSync(log, 'utf8').slice(-8192)}`);
    if (await isReady().catch(() => false)) break;
    if (Date.now() > untilMs) {
      child.kill('SIGKILL');
      throw new Error(`${path} does not answer: ${readFileSync(log, 'utf8').slice(-8192)}`);
    }
    await sleep(50);
  }
  return {
    stop: async () => {
      process.off('exit', kill);
      child.ref();
      await end(child, ended);
      rmSync(dirname(log), { recursive: true, force: true });
    },
  };
}

/** Waits until `look` gives something; rejects after `timeoutMs` with what was seen last. */
export async function eventually<T>(
  look: () => Promise<T | undefined>,
  what: string,
  timeoutMs = 60_000,
): Promise<T> {
  const untilMs = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > untilMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(100);
  }
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(timer);
}
