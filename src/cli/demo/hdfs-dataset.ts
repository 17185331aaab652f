import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../config/load-settings.ts';
import { StoreError } from '../../core/errors.ts';
import { partitionPath as pathOfPartition, workspaceName } from '../../partition/names.ts';
import { openStore } from '../../store/open-store.ts';
import type { Store } from '../../store/store.ts';
import { shellWord } from '../environment.ts';
import { shippedConfigPath } from '../package-files.ts';
import type { DemoDataset } from './demo-dataset.ts';
import { demoDate } from './demo-files.ts';
import { fillPartition, settledMs } from './fill-partition.ts';
import { shortPath } from './local-dataset.ts';
import { type LocalHdfs, localHdfsScript, startLocalHdfs } from './local-hdfs.ts';
import { makeDirectories } from './make-directories.ts';

const datasetPath = '/insurance-megacorp/telemetry-data-v2';

/**
 * Starts a real HDFS on this machine and fills the demo dataset there over WebHDFS.
 *
 * @param directory of this machine; HDFS keeps its files in `hdfs/` below it
 * @param keep whether HDFS stays when the demo has ended
 * @throws ConfigError and StoreError as {@link startLocalHdfs} and the store do; nothing runs on then
 */
export async function prepareHdfsDataset(directory: string, keep: boolean): Promise<DemoDataset> {
  await makeDirectories(directory);
  const stateDirectory = join(directory, 'hdfs');
  const hdfs = await startLocalHdfs(stateDirectory, keep);
  try {
    return await fillDataset(hdfs, stateDirectory, keep);
  } catch (error) {
    await hdfs.remove();
    throw error;
  }
}

async function fillDataset(hdfs: LocalHdfs, stateDirectory: string, keep: boolean): Promise<DemoDataset> {
  const baseUri = `${hdfs.webHdfsUri}${datasetPath}`;
  const configPath = shippedConfigPath();
  const settings = await loadSettings({
    flags: { 'base-path': baseUri },
    env: { HADOOP_USER_NAME: hdfs.superuser },
    ...(configPath === undefined ? {} : { configPath }),
  });
  const { store, basePath } = openStore(settings.base, {
    userName: hdfs.superuser,
    timeoutMs: settings.hdfs.timeoutMs,
    maxRetries: settings.safety.maxRetries,
  });
  const partitionPath = pathOfPartition(basePath, demoDate);
  // Where HDFS was kept, an earlier demo's.
  await store.deleteDirectory(partitionPath);
  await store.deleteDirectory(`${basePath}/${workspaceName}`);
  await store.makeDirectory(partitionPath, 0o755);
  await uploadFiles(store, partitionPath);
  const modifiedAtMs = Date.now() - settledMs;
  const written = (await store.list(partitionPath)) ?? [];
  for (const path of [...written.map((file) => file.path), partitionPath]) {
    await setModificationTime(hdfs, path, modifiedAtMs);
  }
  const stopIt = `${shellWord(shortPath(localHdfsScript))} remove --state ${shellWord(stateDirectory)}`;
  return {
    store,
    settings,
    basePath,
    partitionPath,
    shownPath: (path) => `${store.uri}${path}`,
    baseFlag: ` --base-path ${shellWord(baseUri)}`,
    undoBrings: 'bring the rows of the 21 files back as they were, in one file',
    staysForMore: keep,
    whereMeasured: 'over WebHDFS, with NameNode and DataNode on this machine',
    closing: keep
      ? [`HDFS goes on at ${hdfs.webHdfsUri}. To end it: ${stopIt}`]
      : ['HDFS ends here. With --keep it goes on, to try undo, recover or anything else on it.'],
    close: keep ? async () => {} : hdfs.remove,
  };
}

async function uploadFiles(store: Store, partitionPath: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'parquet-demo-'));
  try {
    for (const { name } of await fillPartition({ directory, ageMs: 0 })) {
      const sink = await store.create(`${partitionPath}/${name}`);
      await sink.write(await readFile(join(directory, name)));
      await sink.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A store has no such operation: only here does anybody want a time that is not now. */
function setModificationTime(hdfs: LocalHdfs, path: string, modifiedAtMs: number): Promise<void> {
  const url = new URL(`${hdfs.webHdfsUri.replace('webhdfs:', 'http:')}/webhdfs/v1${encodeURI(path)}`);
  url.search = `?op=SETTIMES&modificationtime=${modifiedAtMs}&user.name=${encodeURIComponent(hdfs.superuser)}`;
  return new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: Error): void =>
      reject(
        new StoreError(`cannot set the modification time of ${path}: ${problem}`, {
          code: 'demo-times',
          op: 'SETTIMES',
          path,
          ...(cause === undefined ? {} : { cause }),
        }),
      );
    const outgoing = request(url, { method: 'PUT' }, (reply) => {
      reply.resume();
      reply.on('end', () => (reply.statusCode === 200 ? resolve() : fail(`HTTP status ${reply.statusCode}`)));
      reply.on('error', (error) => fail(error.message, error));
    });
    outgoing.on('error', (error) => fail(error.message, error));
    outgoing.end();
  });
}
