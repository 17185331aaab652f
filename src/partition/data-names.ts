import type { NotData } from '../plan/plan-input.ts';

import { summaryNames, workspaceName } from './names.ts';

/** A rule that tells a name that is not a data file's. */
interface NameRule {
  readonly rule: string;
  readonly reason: string;
  matches(name: string): boolean;
}

// What Spark (`InMemoryFileIndex.shouldFilterOutPathName`) and Hive (hidden-files path filter) pass over, and what
// Hadoop's tools, Flume, Flink and streaming writers call a file until it is finished. The first match decides.
const nameRules: readonly NameRule[] = [
  {
    rule: 'own-name',
    reason: 'Belongs to this program',
    matches: (name) => name === workspaceName || name.startsWith('.consolidate-'),
  },
  {
    rule: 'summary-file',
    reason:
      'A Parquet summary file: it holds no rows, and describes files that a merge replaces, so it goes with them',
    matches: (name) => summaryNames.includes(name),
  },
  {
    rule: 'success-marker',
    reason: 'The marker of a finished job; it stays',
    matches: (name) => name === '_SUCCESS',
  },
  {
    rule: 'checksum-file',
    reason: 'The checksum of another file, not data',
    matches: (name) => name.endsWith('.crc'),
  },
  {
    rule: 'unfinished-name',
    reason: 'An upload that is not finished: its name ends in ._COPYING_',
    matches: (name) => name.endsWith('._COPYING_'),
  },
  {
    rule: 'unfinished-name',
    reason: 'Not finished by its writer: its name ends in .tmp',
    matches: (name) => name.endsWith('.tmp'),
  },
  {
    rule: 'unfinished-name',
    reason: 'Not finished by its writer: its name has .inprogress in it',
    matches: (name) => name.includes('.inprogress'),
  },
  {
    rule: 'hidden-name',
    reason: 'Its name starts with _ or . and so is hidden from readers',
    matches: (name) => name.startsWith('_') || name.startsWith('.'),
  },
];

/** Why an entry of a partition directory is no data file; `undefined` when it may be one. */
export function notDataByName(name: string, kind: 'file' | 'directory' | 'other'): NotData | undefined {
  const match = nameRules.find((one) => one.matches(name));
  if (match !== undefined) return { rule: match.rule, reason: match.reason };
  if (kind === 'directory') {
    return {
      rule: 'directory',
      reason: 'A directory; only files directly in the partition are consolidated',
    };
  }
  if (kind === 'other') {
    return {
      rule: 'not-a-file',
      reason: 'Neither a regular file nor a directory (a link, a socket, a device)',
    };
  }
  return undefined;
}
