import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ByteSource } from '../../core/byte-source.ts';
import { ConfigError } from '../../core/errors.ts';
import { notDataByName } from '../../partition/data-names.ts';
import { openLocalStore } from '../../store/open-local-store.ts';
import { type FileStatus, refOf } from '../../store/store.ts';

/**
 * Opens a file of this machine, following links.
 * @param path absolute path
 * @throws ConfigError `file-missing` when there is no such file
 */
export async function openLocalFile(path: string): Promise<ByteSource> {
  const { store } = openLocalStore('/');
  const status = await statusOf(path);
  if (status.kind !== 'file') throw missing(path, 'is no file');
  return store.open(status.path, refOf(status));
}

/**
 * The files that paths of this machine stand for: a file is itself, a directory its data files in name order. A name
 * that no reader takes for data (hidden, temporary, without content) is left out of a directory.
 * @param paths absolute
 * @throws ConfigError `file-missing`, `no-data-files`
 */
export async function findLocalFiles(paths: readonly string[]): Promise<readonly FileStatus[]> {
  const { store } = openLocalStore('/');
  const files: FileStatus[] = [];
  for (const path of paths) {
    const status = await statusOf(path);
    if (status.kind === 'file') {
      files.push(status);
      continue;
    }
    const entries = (await store.list(status.path)) ?? [];
    const data = entries.filter(
      (entry) =>
        entry.kind === 'file' && entry.sizeBytes > 0 && notDataByName(entry.name, entry.kind) === undefined,
    );
    if (data.length === 0) {
      throw new ConfigError(
        `${path} holds no data files (${entries.length} entries, none of them Parquet data)`,
        {
          code: 'no-data-files',
          hint: 'Name a directory such as date=2025-08-15, or the files themselves.',
        },
      );
    }
    files.push(...data);
  }
  return files;
}

/**
 * Sees to it that a merged file does not come to lie beside its own inputs where readers take both for data: in a
 * directory that is merged as a whole, or in a partition (`key=value`).
 * @param out absolute path of the new file; @param inputs absolute, each exists
 * @throws ConfigError `out-among-inputs`
 */
export async function assertOutApart(out: string, inputs: readonly string[]): Promise<void> {
  const home = await realpath(dirname(out)).catch(() => dirname(out));
  for (const input of inputs) {
    const { path } = await statusOf(input);
    if (path === home || (dirname(path) === home && basename(home).includes('='))) {
      throw new ConfigError(
        `--out ${out} would lie beside the files it is made of: readers of ${home} would find every row twice`,
        {
          code: 'out-among-inputs',
          hint: 'Name a file in another directory, such as /tmp/day.parquet.',
          dataState: 'nothing was touched',
        },
      );
    }
  }
}

async function statusOf(path: string): Promise<FileStatus> {
  const { store } = openLocalStore('/');
  let real: string;
  try {
    real = await realpath(path);
  } catch (cause) {
    throw missing(path, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const status = await store.stat(real);
  if (status === undefined) throw missing(path, 'does not exist');
  return status;
}

function missing(path: string, problem: string, cause?: unknown): ConfigError {
  return new ConfigError(`${path} ${problem}`, {
    code: 'file-missing',
    hint: `Check the path; ls -l ${dirname(path)} shows what is there.`,
    ...(cause === undefined ? {} : { cause }),
  });
}
