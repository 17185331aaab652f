import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../../core/errors.ts';

/**
 * Makes a directory of this machine and its missing parents, one after the other. (Where a file system takes no
 * directories and says that the parent is not there, as /proc does, `mkdir` with `recursive` tries for ever.)
 * @throws ConfigError `demo-directory-unusable`
 */
export async function makeDirectories(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) return;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unusable(path, error);
    const parent = dirname(path);
    if (parent === path) throw unusable(path, error);
    await makeDirectories(parent);
  }
  try {
    await mkdir(path);
  } catch (error) {
    // Another process may have made it in between.
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    throw unusable(path, error);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** The error for a place on this machine that the demo cannot use, for whatever reason `cause` names. */
export function unusable(path: string, cause: unknown): ConfigError {
  return new ConfigError(`the demo cannot use the directory ${path}: ${String(codeOf(cause) ?? cause)}`, {
    code: 'demo-directory-unusable',
    hint: 'Give the demo a directory that you may write to: demo --directory /tmp/demo',
    dataState: 'nothing was touched',
    cause,
  });
}
