import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, StoreError } from '../../core/errors.ts';
import { packageRoot } from '../package-files.ts';

/** The script that runs an HDFS on this machine. */
export const localHdfsScript = join(packageRoot, 'scripts/local-hdfs.sh');

/** What it ends with when this machine lacks something. */
const lacksSomething = 69;

/** An HDFS on this machine. */
export interface LocalHdfs {
  /** `webhdfs://127.0.0.1:9870` */
  readonly webHdfsUri: string;
  /** Who may do everything there. */
  readonly superuser: string;
  /** Ends it and deletes everything that was stored. */
  remove(): Promise<void>;
}

/**
 * Starts a NameNode and a DataNode on free ports, or finds them running.
 *
 * @param stateDirectory where they keep everything; made where it is not there
 * @param outlivesUs false: they end with this process at the latest, however that ends
 * @throws ConfigError `local-hdfs-unavailable` when Java or Maven are missing, `demo-directory-in-use`;
 *   StoreError `local-hdfs-failed`
 */
export async function startLocalHdfs(stateDirectory: string, outlivesUs: boolean): Promise<LocalHdfs> {
  const owner = outlivesUs ? [] : ['--owner', String(process.pid)];
  await runScript('start', stateDirectory, ['--free-ports', ...owner]);
  const settings = await readFile(join(stateDirectory, 'settings'), 'utf8');
  const setting = (name: string): string => new RegExp(`^${name}=(.+)$`, 'm').exec(settings)?.[1] ?? '';
  return {
    webHdfsUri: `webhdfs://127.0.0.1:${setting('webhdfs_port')}`,
    superuser: setting('superuser'),
    remove: () => runScript('remove', stateDirectory, []),
  };
}

async function runScript(command: string, stateDirectory: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await new Promise<{ exitCode: number | string; stderr: string }>(
    (resolve, reject) => {
      const child = spawn(localHdfsScript, [command, '--state', stateDirectory, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const chunks: Buffer[] = [];
      child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
      child.on('error', reject);
      child.on('close', (code, signal) =>
        resolve({ exitCode: code ?? signal ?? 'unknown', stderr: Buffer.concat(chunks).toString() }),
      );
    },
  );
  if (exitCode === 0) return;
  const said = stderr
    .split('\n')
    .map((line) => line.replace(/^local-hdfs\.sh: /, ''))
    .filter((line) => line !== '');
  const dataState = 'nothing was touched';
  if (exitCode === lacksSomething) {
    const [problem = 'this machine cannot run HDFS', ...advice] = said.slice(-2);
    throw new ConfigError(`cannot start an HDFS on this machine: ${problem}`, {
      code: 'local-hdfs-unavailable',
      hint: advice.join(' ') || 'The demo without --hdfs needs neither Java nor Maven.',
      dataState,
    });
  }
  if (exitCode === 2) {
    throw new ConfigError(`cannot start an HDFS on this machine: ${said.join(' ')}`, {
      code: 'demo-directory-in-use',
      hint: 'Give the demo a directory of its own: demo --hdfs --directory /tmp/demo',
      dataState,
    });
  }
  throw new StoreError(`local-hdfs.sh ${command} ended with ${exitCode}: ${said.slice(-6).join('; ')}`, {
    code: 'local-hdfs-failed',
    op: command,
    path: stateDirectory,
    dataState,
    hint: `Look into the logs in ${join(stateDirectory, 'log')}.`,
  });
}
