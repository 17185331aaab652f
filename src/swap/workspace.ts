import { ConfigError, StoreError, SwapError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Logger } from '../core/log.ts';
import { workspacePath } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { makeDirectorySurely, setAttributesSurely } from './sure-steps.ts';

/** Mode of every directory of ours: backups hold data that not everybody may read. */
export const workspaceMode = 0o700;

/**
 * Makes the workspace if need be and sees to it that nobody else can look into it.
 * @throws ConfigError `base-path-absent`
 * @throws SwapError `workspace-not-private`
 */
export async function ensureWorkspace(store: Store, basePath: string, log: Logger): Promise<void> {
  if ((await store.stat(basePath)) === undefined) {
    throw new ConfigError(`the base path ${basePath} does not exist`, {
      code: 'base-path-absent',
      hint: 'check --base-path or hdfs.base_path; of a replica --replicate-to or replica.uri',
    });
  }
  const path = workspacePath(basePath);
  await checkWorkspace(store, basePath);
  await makeDirectorySurely(store, path, workspaceMode);
  const found = await store.stat(path);
  if (found === undefined || found.kind !== 'directory') {
    throw notPrivate(path, found === undefined ? 'it is gone right after it was made' : 'it is no directory');
  }
  if (found.mode === workspaceMode) return;
  log.warn(`${path} had mode ${found.mode.toString(8)}; it is set to ${workspaceMode.toString(8)}`);
  try {
    await setAttributesSurely(store, path, { ...found, mode: workspaceMode });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw notPrivate(path, `its mode is ${found.mode.toString(8)} and cannot be changed`, error);
  }
}

/**
 * Sees to it that what has the workspace's name is a directory, or nothing: to be called before it is looked into.
 * @throws SwapError `workspace-not-private`
 */
export async function checkWorkspace(store: Store, basePath: string): Promise<void> {
  const path = workspacePath(basePath);
  const found = await store.stat(path);
  if (found === undefined || found.kind === 'directory') return;
  throw notPrivate(path, 'it is no directory', undefined, 'move it away, then run again');
}

function notPrivate(
  path: string,
  problem: string,
  cause?: unknown,
  hint = `give it to the user of this process with mode 700: chmod 700 ${path}`,
): SwapError {
  return new SwapError(`cannot use ${path} for staging and backups: ${problem}`, {
    code: 'workspace-not-private',
    exitCode: exitCodes.usage,
    dataState: 'nothing was touched',
    hint,
    cause,
  });
}
