import { basename, relative } from 'node:path';
import type { StoreOptions } from '../store/open-store.ts';
import type { Terminal } from './terminal.ts';

/** What a command gets from the process it runs in. */
export interface CliEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How the program was called, so that what is printed can be typed again. */
  readonly program: string;
  readonly version: string;
  readonly terminal: Terminal;
  /** Has `work` done when the command has ended, however it did. It must not reject. */
  readonly atEnd: (work: () => Promise<void>) => void;
  /** The clusters that the command has to do with, so that their limits hold for all of its datasets together. */
  readonly loads: NonNullable<StoreOptions['loads']>;
}

/** Set by the wrapper script to its own name. */
export const programVariable = 'CONSOLIDATION_PROGRAM';

/** How the program was called: the wrapper, `node dist/main.js`, or the name it is installed under. */
export function programName(
  env: Readonly<Record<string, string | undefined>>,
  scriptPath: string | undefined,
  currentDirectory: string,
): string {
  const wrapper = env[programVariable];
  if (wrapper !== undefined && wrapper !== '') return shellWord(wrapper);
  if (scriptPath === undefined || !/^main\.[jt]s$/.test(basename(scriptPath))) return 'parquet-consolidator';
  const near = relative(currentDirectory, scriptPath);
  return `node ${shellWord(near.startsWith('..') ? scriptPath : near)}`;
}

/** A word as a shell takes it: quoted where it has to be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
