import { mapConcurrently } from '../../core/concurrency.ts';
import type { FileStatus, FoldObstacle } from '../store.ts';
import type { WebHdfsClient } from './client.ts';
import type { RemoteStatus } from './file-status.ts';
import { listRemote } from './listing.ts';
import type { Looks } from './look.ts';

/** Snapshots looked into at the same time. */
const looksAtOnce = 8;

/**
 * What keeps these files of one directory from being folded, as far as it can be seen: a comma in a name (CONCAT splits
 * its list there), erasure coding, encryption, and being in a snapshot (`FSDirConcatOp.verifySrcFiles`). A file
 * that is open for writing cannot be seen; CONCAT refuses it then.
 */
export async function remoteObstacles(
  client: WebHdfsClient,
  looks: Looks,
  directory: string,
  files: readonly FileStatus[],
): Promise<readonly FoldObstacle[]> {
  const inSnapshots = await snapshotOf(client, looks, directory);
  return files.flatMap((file) => {
    const found: FoldObstacle[] = [];
    const add = (rule: string, reason: string): void => {
      found.push({ path: file.path, rule, reason });
    };
    if (file.path.includes(',')) {
      add('comma-in-name', 'its path has a comma, where HDFS splits the list of files to join; rename it');
    }
    if (file.keptAs === 'erasure-coded') {
      add('erasure-coded', 'it is erasure-coded, and HDFS joins only replicated files');
    }
    if (file.keptAs === 'encrypted') {
      add('encryption-zone', 'it lies in an encryption zone, where HDFS joins no files');
    }
    const snapshot = inSnapshots.get(file.fileId);
    if (snapshot !== undefined) {
      add(
        'in-snapshot',
        `it is in the snapshot ${snapshot}, and HDFS joins no files that a snapshot holds; delete the snapshot ` +
          '(hdfs dfs -deleteSnapshot) or wait until it has gone',
      );
    }
    return found;
  });
}

/** For every file of the directory that is in a snapshot: its fileId, and the path of one such snapshot. */
async function snapshotOf(
  client: WebHdfsClient,
  looks: Looks,
  directory: string,
): Promise<ReadonlyMap<string, string>> {
  const roots = (await Promise.all(ancestorsOf(directory).map((path) => looks.remote(path, 'list')))).filter(
    (found): found is RemoteStatus => found?.isSnapshottable === true,
  );
  const snapshots = (
    await mapConcurrently(roots, looksAtOnce, async ({ status: { path } }) => {
      const root = path === '/' ? '' : path;
      const entries = (await listRemote(client, looks, `${root}/.snapshot`)) ?? [];
      return entries.map(({ status }) => ({
        snapshot: status.path,
        directory: status.path + directory.slice(root.length),
      }));
    })
  ).flat();
  const found = new Map<string, string>();
  await mapConcurrently(snapshots, looksAtOnce, async (place) => {
    for (const { status } of (await listRemote(client, looks, place.directory)) ?? []) {
      found.set(status.fileId, place.snapshot);
    }
  });
  return found;
}

/** The directory and those above it, up to the root. */
function ancestorsOf(directory: string): readonly string[] {
  const names = directory.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)];
}
