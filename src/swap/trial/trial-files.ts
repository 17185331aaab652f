import { StoreError } from '../../core/errors.ts';
import { join, stagedName } from '../../partition/names.ts';
import type { FileStatus, Store } from '../../store/store.ts';
import { readText } from '../sure-steps.ts';

/** Small files in a directory of their own, for trying what a store can do with files. */
export interface TrialFiles {
  /** Full path of a file; `name` is a word. */
  path(name: string): string;
  /** Writes a new file of that text and resolves to its status. */
  write(name: string, text: string): Promise<FileStatus>;
  /** The status of what must be there. Rejects with `trial-failed`. */
  expect(name: string): Promise<FileStatus>;
  /** Rejects with `trial-failed` unless the file has that text. */
  expectText(name: string, text: string): Promise<void>;
  /** Rejects with `trial-failed` when something has the name. */
  expectNothing(name: string): Promise<void>;
}

/** {@link TrialFiles} in a directory that exists. */
export function trialFiles(store: Store, directory: string): TrialFiles {
  const path = (name: string): string => join(directory, stagedName(name));
  const failed = (name: string, problem: string): StoreError =>
    new StoreError(`${store.uri}${path(name)} ${problem}`, {
      code: 'trial-failed',
      op: 'trial',
      path: path(name),
    });
  const expect = async (name: string): Promise<FileStatus> => {
    const found = await store.stat(path(name));
    if (found === undefined) throw failed(name, 'is not there, although the store said it was made');
    return found;
  };
  return {
    path,
    expect,
    async write(name, text) {
      const sink = await store.create(path(name));
      try {
        await sink.write(new TextEncoder().encode(text));
        await sink.close();
      } catch (error) {
        await sink.abort();
        throw error;
      }
      return expect(name);
    },
    async expectText(name, text) {
      const found = await readText(store, path(name));
      if (found !== text)
        throw failed(name, `should hold "${text}", found ${found === undefined ? 'no file' : `"${found}"`}`);
    },
    async expectNothing(name) {
      if ((await store.stat(path(name))) !== undefined)
        throw failed(name, 'is still there, although it should have gone');
    },
  };
}
