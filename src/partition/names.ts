/**
 * Maker and parser of every name this program creates. Nothing else in the program puts a path together.
 *
 * Below `<base>/_consolidation` no name ends in `.parquet` and none contains `=`: readers that glob
 * `**` + `/*.parquet` do not skip directories starting with `_`, and partition discovery reads `key=value`.
 *
 *     <base>/date=2025-08-15/                          the partition
 *     <base>/_consolidation/                           the workspace, mode 0700
 *       history/2025-08-15/<runId>.json                receipts of runs whose backup is gone
 *       trial-<runId>/                                 what a doctor tries things on, for some seconds
 *       shards/<name>.json                             who does which partitions of a range, for runs side by side
 *       replicas/<runId>.json                          what a run swapped is still to be copied to the replica
 *       replicas/2025-08-15/<name>.staged              at the replica: a copy that is not in its place yet
 *       2025-08-15/                                    everything about one partition; where it does not lie at
 *                                                      date=2025-08-15, `part-` and its escaped path, see partition-directory.ts
 *         lock/owner.json                              the partition lock
 *         hold.json                                    an undone partition waits for --force
 *         <runId>/ or <runId>.fenced-<n>/              one run; fenced when another run took it over
 *           bin-<i>.staged, journal.json, receipt.json, new/, old/, late-<n>/, lock-…/, trash-<runId>/
 *           bin-<i>-base.staged, bin-<i>-tail-<k>.staged, bin-<i>.backup, restore-<i>.backup   where the store folds
 *           attempts/bin-<i>-<random>.staged             what executors write, until the run takes it
 */

import { compareNames } from '../core/name-order.ts';
import { relativePathOf } from '../core/partition-key.ts';
import { directoryNameOf } from './partition-directory.ts';

/** Name of the workspace directory below the base path. */
export const workspaceName = '_consolidation';

const runIdPattern = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;
const runDirectoryPattern = /^(\d{8}T\d{6}Z-[0-9a-f]{6})(?:\.fenced-([1-9]\d*))?$/;
const stagedSuffix = '.staged';
const backupSuffix = '.backup';

/** Full path of a partition; `key` as `partitionKey` makes it, which is the date where the partition lies at `date=2025-08-15`. */
export function partitionPath(basePath: string, key: string): string {
  return join(basePath, relativePathOf(key));
}

/** Full path of the workspace. */
export function workspacePath(basePath: string): string {
  return join(basePath, workspaceName);
}

/** Directory that holds everything about one partition: lock, hold and runs. */
export function dateDirectory(basePath: string, key: string): string {
  return join(workspacePath(basePath), directoryNameOf(key));
}

/** Directory that is the lock of a partition: whoever's owner file is in it holds the partition. */
export function lockDirectory(basePath: string, key: string): string {
  return join(dateDirectory(basePath, key), 'lock');
}

/** The file in a lock directory that says whose it is; touching it is the sign of life. */
export function ownerPath(lockDirectoryPath: string): string {
  return join(lockDirectoryPath, 'owner.json');
}

/** File that marks an undone partition: no run touches it unless forced. */
export function holdPath(basePath: string, key: string): string {
  return join(dateDirectory(basePath, key), 'hold.json');
}

/** Directory of the receipts of one partition's runs whose backups are gone. */
export function historyDirectory(basePath: string, key: string): string {
  return join(join(workspacePath(basePath), 'history'), directoryNameOf(key));
}

/** Receipt of a run whose backup is gone. */
export function historyPath(basePath: string, key: string, runId: string): string {
  return join(historyDirectory(basePath, key), `${runId}.json`);
}

/** The run id in the name of a history file; undefined for any other name. */
export function parseHistoryName(name: string): string | undefined {
  const runId = name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
  return isRunId(runId) ? runId : undefined;
}

/** Directory of the plans by which runs side by side share a range of dates. */
export function shardPlanDirectory(basePath: string): string {
  return join(workspacePath(basePath), 'shards');
}

/** The shard plan called `name`. */
export function shardPlanPath(basePath: string, name: string): string {
  return join(shardPlanDirectory(basePath), `${name}.json`);
}

/** The same while run `runId` is making it; others may be making theirs. */
export function stagedShardPlanPath(basePath: string, name: string, runId: string): string {
  return stagedName(join(shardPlanDirectory(basePath), `${name}.${runId}`));
}

/** Directory of what is still to be copied to a replica, and at the replica of copies that are not in their places yet. */
export function replicasDirectory(basePath: string): string {
  return join(workspacePath(basePath), 'replicas');
}

/** Says that what run `runId` swapped is still to be copied to the replica. */
export function pendingCopyPath(basePath: string, runId: string): string {
  return join(replicasDirectory(basePath), `${runId}.json`);
}

/** The run id in the name of a pending copy; undefined for any other name. */
export function parsePendingCopyName(name: string): string | undefined {
  return parseHistoryName(name);
}

/** At the replica: directory of the copies of one partition that are not in their places yet. */
export function stagedCopiesDirectory(basePath: string, key: string): string {
  return join(replicasDirectory(basePath), directoryNameOf(key));
}

/** True for what may be the name of a shard plan: letters, digits, `.`, `_`, `-`, at most 100, none hidden. */
export function isShardPlanName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(text);
}

/** Directory of files that somebody tries things on, of which nothing is left once he is done. */
export function trialDirectory(basePath: string, runId: string): string {
  return join(workspacePath(basePath), `trial-${runId}`);
}

/** True for the name of a {@link trialDirectory}. */
export function isTrialName(name: string): boolean {
  return name.startsWith('trial-') && isRunId(name.slice('trial-'.length));
}

/**
 * Run id `YYYYMMDDTHHMMSSZ-xxxxxx`: start time in UTC and 6 random hex digits.
 * @param random an integer from 0 to 2^24 - 1
 */
export function makeRunId(nowMs: number, random: number): string {
  const time = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
  return `${time}-${random.toString(16).padStart(6, '0')}`;
}

/** True for a run id of the form {@link makeRunId} makes. */
export function isRunId(text: string): boolean {
  return runIdPattern.test(text);
}

/** Directory of a run. `fence` counts how often it was taken over by another run; 0 is the run's own. */
export function runDirectory(basePath: string, key: string, runId: string, fence = 0): string {
  return join(dateDirectory(basePath, key), fence === 0 ? runId : `${runId}.fenced-${fence}`);
}

/** What an entry of a date directory is; undefined when it is none of ours. */
export type DateEntry =
  | { readonly kind: 'run'; readonly runId: string; readonly fence: number }
  | { readonly kind: 'lock' | 'hold' };

/** Parses the name of an entry of a date directory. */
export function parseDateEntry(name: string): DateEntry | undefined {
  if (name === 'lock' || name === 'hold.json') return { kind: name === 'lock' ? 'lock' : 'hold' };
  const match = runDirectoryPattern.exec(name);
  if (match?.[1] === undefined) return undefined;
  return { kind: 'run', runId: match[1], fence: match[2] === undefined ? 0 : Number(match[2]) };
}

/** The merged file of bin `binIndex`, finished but not yet visible. */
export function stagedBinPath(runDirectoryPath: string, binIndex: number): string {
  return join(runDirectoryPath, `bin-${binIndex}${stagedSuffix}`);
}

/** Directory that executors write merged files into, each attempt its own; gone before the swap begins. */
export function attemptsDirectory(runDirectoryPath: string): string {
  return join(runDirectoryPath, 'attempts');
}

/**
 * Name of one attempt at merging bin `binIndex`, in the attempts' directory.
 * @param random 16 hex digits, so that no two attempts ever have the same
 */
export function attemptName(binIndex: number, random: string): string {
  return stagedName(`bin-${binIndex}-${random}`);
}

/** The bin that an attempt of this name is at; undefined for any other name. */
export function parseAttemptName(name: string): number | undefined {
  const index = /^bin-(\d+)-[0-9a-f]{16}\.staged$/.exec(name)?.[1];
  return index === undefined ? undefined : Number(index);
}

/** The file without rows that the inputs of bin `binIndex` are folded into. */
export function foldBasePath(runDirectoryPath: string, binIndex: number): string {
  return join(runDirectoryPath, `bin-${binIndex}-base${stagedSuffix}`);
}

/** The footer tail of fold step `step` of bin `binIndex`, both from 0. */
export function foldTailPath(runDirectoryPath: string, binIndex: number, step: number): string {
  return join(runDirectoryPath, `bin-${binIndex}-tail-${step}${stagedSuffix}`);
}

/** All inputs of bin `binIndex` as one Parquet file. */
export function binBackupPath(runDirectoryPath: string, binIndex: number): string {
  return join(runDirectoryPath, `bin-${binIndex}${backupSuffix}`);
}

/**
 * A backup of another run, of its bin `index`, on its way back into the partition. Not a name that ends in `.staged`: there is no
 * other copy of it, and what is staged may be deleted.
 */
export function restorePath(runDirectoryPath: string, index: number): string {
  return join(runDirectoryPath, `restore-${index}${backupSuffix}`);
}

/** A file of the partition that leaves it with the files it describes, while it is kept. */
export function takenPath(runDirectoryPath: string, name: string): string {
  return join(runDirectoryPath, backupName(name));
}

/** Name of a footer tail in the partition, where it lies, hidden, for the moment before it is folded in. */
export function tailName(runId: string, binIndex: number, step: number): string {
  return `.consolidate-${runId}-${binIndex}-${step}.tail`;
}

/** The run whose footer tail has this name; undefined for any other name. */
export function parseTailName(name: string): string | undefined {
  return /^\.consolidate-(\d{8}T\d{6}Z-[0-9a-f]{6})-\d+-\d+\.tail$/.exec(name)?.[1];
}

/** The durable record of a swap that is under way. */
export function journalPath(runDirectoryPath: string): string {
  return join(runDirectoryPath, 'journal.json');
}

/** The durable record of a finished swap. */
export function receiptPath(runDirectoryPath: string): string {
  return join(runDirectoryPath, 'receipt.json');
}

/** The partition as it will be. */
export function newDirectory(runDirectoryPath: string): string {
  return join(runDirectoryPath, 'new');
}

/** The partition as it was: the backup. */
export function oldDirectory(runDirectoryPath: string): string {
  return join(runDirectoryPath, 'old');
}

/** A partition directory that a writer re-created between the two renames; `index` from 1. */
export function lateDirectory(runDirectoryPath: string, index: number): string {
  return join(runDirectoryPath, `late-${index}`);
}

/** A lock directory on its way: being made, being released, or taken from a dead run. */
export function lockTransitPath(runDirectoryPath: string, transit: 'made' | 'released' | 'taken'): string {
  return join(runDirectoryPath, `lock-${transit}`);
}

/** Another run's directory on its way out: taken away in one step, then deleted at leisure. */
export function trashPath(runDirectoryPath: string, runId: string): string {
  return join(runDirectoryPath, `trash-${runId}`);
}

/**
 * What an entry of a run directory is; undefined when it is none of ours. backup: a copy. taken: a file that was in the
 * partition or in another run's backup, and of which there may be no other copy.
 */
export type RunEntryKind =
  | 'staged'
  | 'backup'
  | 'taken'
  | 'journal'
  | 'receipt'
  | 'new'
  | 'old'
  | 'late'
  | 'attempts'
  | 'lock-transit'
  | 'trash'
  | undefined;

/** Parses the name of an entry of a run directory. */
export function parseRunEntry(name: string): RunEntryKind {
  if (name === 'journal.json') return 'journal';
  if (name === 'receipt.json') return 'receipt';
  if (name === 'new' || name === 'old' || name === 'attempts') return name;
  if (/^late-[1-9]\d*$/.test(name)) return 'late';
  if (/^lock-(made|released|taken)$/.test(name)) return 'lock-transit';
  if (name.startsWith('trash-') && isRunId(name.slice('trash-'.length))) return 'trash';
  if (/^bin-\d+\.backup$/.test(name)) return 'backup';
  if (name.endsWith(backupSuffix)) return 'taken';
  return name.endsWith(stagedSuffix) ? 'staged' : undefined;
}

/** A file's name (or path) while it is not yet valid. */
export function stagedName(name: string): string {
  return name + stagedSuffix;
}

/** A file's name while it is kept as a backup. */
export function backupName(name: string): string {
  return name + backupSuffix;
}

/** The name below a backup name; undefined for any other name. */
export function parseBackupName(name: string): string | undefined {
  return name.endsWith(backupSuffix) && name.length > backupSuffix.length
    ? name.slice(0, -backupSuffix.length)
    : undefined;
}

/** Longest file name, in bytes of UTF-8, that still leaves room for the suffixes (file systems and HDFS stop at 255). */
export const maxNameBytes = 255 - Math.max(stagedSuffix.length, backupSuffix.length);

/** Name of the checksum sidecar that Hadoop's local file system keeps beside a file. */
export function sidecarName(name: string): string {
  return `.${name}.crc`;
}

/** Files that describe other files of their directory and would lie about them once those are merged. */
export const summaryNames: readonly string[] = ['_metadata', '_common_metadata'];

const undoneSuffix = '-undone';
const mergedMark = /\.merged-\d{8}T\d{6}Z-[0-9a-f]{6}-\d+(?:-undone)?(?=\.|$)/;

/** True for the names {@link mergedName} and {@link undoneName} make: what this program merged, folded or put back as one file. */
export function isMergedName(name: string): boolean {
  return mergedMark.test(name);
}

/**
 * Name of the merged file of bin `binIndex` in the partition: `x.parquet`, the first input's name, becomes
 * `x.merged-<runId>-<binIndex>.parquet`, in the place of an earlier mark if there is one, so that it comes before the
 * second input in every order by name. Never the name of a file that was
 * there before: a reader that listed the inputs and opens them after the swap must find them gone. If one of
 * their names led to the merged file, that reader would get rows of inputs it had already read a second time.
 */
export function mergedName(firstInputName: string, runId: string, binIndex: number): string {
  return marked(firstInputName.replace(mergedMark, ''), `.merged-${runId}-${binIndex}`);
}

/**
 * Name of the file that holds the originals again of which the file `merged` was made: `x.merged-<runId>-0.parquet` becomes
 * `x.merged-<runId>-0-undone.parquet`. Not the name of the merged file: a reader that listed that and opens it after the undo must
 * find it gone, not other bytes. And right before it in the order of names (`-` comes before `.`): for a moment both are listed, this one
 * without rows yet, and a reader that opens it last, when it has them, would have read them in the merged file already.
 */
export function undoneName(merged: string): string {
  const mark = mergedMark.exec(merged);
  const end = mark === null ? merged.length : mark.index + mark[0].length;
  const suffix = (mark?.[0] ?? '') + undoneSuffix + merged.slice(end);
  let stem = merged.slice(0, mark?.index ?? end);
  const nameOf = (): string => stem + suffix;
  const isTooLong = (): boolean => Buffer.byteLength(nameOf()) > maxNameBytes;
  while (stem.length > 1 && (isTooLong() || compareNames(nameOf(), merged) > 0))
    stem = [...stem].slice(0, -1).join('');
  return nameOf();
}

/**
 * Another name for a late file whose own name is taken: `x.parquet` becomes `x.late-<runId>-<n>.parquet`, so that a
 * data file stays a data file and a hidden one stays hidden.
 */
export function lateName(name: string, runId: string, index: number): string {
  return marked(name, `.late-${runId}-${index}`);
}

/** `name` with a mark before its extension. Long names lose the end of their stem. */
function marked(name: string, mark: string): string {
  const dot = name.lastIndexOf('.');
  const suffix = mark + (dot > 0 ? name.slice(dot) : '');
  let stem = dot > 0 ? name.slice(0, dot) : name;
  while (stem.length > 1 && Buffer.byteLength(stem + suffix) > maxNameBytes)
    stem = [...stem].slice(0, -1).join('');
  return stem + suffix;
}

/** `directory/name`, for a directory without a trailing slash (the root excepted). */
export function join(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}
