import { statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { formatSize } from '../../core/units.ts';
import { bad, type Check, type Finding, good, warning } from './check.ts';
import { basePathCheck } from './dataset-checks.ts';
import type { Subject } from './subject.ts';

const group = 'Place';

/** Less than this is free: even a small partition would not fit twice. */
const leastFreeBytes = 64 * 1024 * 1024;

/** How a directory of this machine is kept. */
export function localChecks(subject: Subject): readonly Check[] {
  if (subject.store.survey !== undefined) return [];
  const needs = [basePathCheck];
  return [
    { group, name: 'disk', needs, run: () => diskFinding(subject.basePath) },
    { group, name: 'file system', needs, run: () => fileSystemFinding(subject) },
    { group, name: 'accounts', needs, run: () => accountsFinding(subject) },
  ];
}

async function diskFinding(path: string): Promise<Finding> {
  const { bavail, bsize, ffree, files } = await statfs(path);
  const freeBytes = bavail * bsize;
  // Some file systems make inodes as they go and tell 0 of 0.
  const isOutOfInodes = files > 0 && ffree < 100;
  const text = `${formatSize(freeBytes)} free${isOutOfInodes ? `, but only ${ffree} inodes` : ''}`;
  return freeBytes < leastFreeBytes || isOutOfInodes ? bad(text, 'make room') : good(text);
}

/** A partition on another disk cannot be renamed into the workspace. */
async function fileSystemFinding({ store, basePath, partition }: Subject): Promise<Finding | undefined> {
  const newest = await partition();
  if (newest === undefined) return undefined;
  const [base, one] = await Promise.all([basePath, newest.status.path].map((path) => deviceOf(path)));
  if (base === one)
    return good(`${newest.status.path} is on the same file system as ${store.uri}${basePath}`);
  return bad(
    `${newest.status.path} is on another file system than ${basePath}, where files are staged, and cannot be swapped`,
    'name a directory that has partitions and _consolidation on one file system',
  );
}

async function deviceOf(path: string): Promise<number> {
  const { stat } = await import('node:fs/promises');
  return (await stat(path)).dev;
}

/** Whether owners of files can be kept, and files of others be linked. */
async function accountsFinding({ store, partition }: Subject): Promise<Finding> {
  const isRoot = process.getuid?.() === 0;
  const name = userName();
  if (isRoot) return good('root: owners and groups of files can be kept');
  const newest = await partition();
  const entries = newest === undefined ? [] : ((await store.list(newest.status.path)) ?? []);
  const others = entries.filter(({ kind, owner }) => kind === 'file' && owner !== name);
  const [first] = others;
  if (first === undefined) return good(`${name}, who owns the files of the newest partition`);
  return warning(
    `${name}; ${first.path} belongs to ${first.owner}, and what is merged will belong to ${name}`,
    'run as the owner of the files, or as root',
  );
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no account has.
    return String(process.getuid?.() ?? 'unknown');
  }
}
