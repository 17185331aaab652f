import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from './python-env.ts';

/** A running HDFS: one NameNode and one DataNode on this machine, every port chosen freely. */
export interface HdfsCluster {
  /** Where everything listens: `127.0.0.1`. */
  readonly host: string;
  /** The NameNode's HTTP port: WebHDFS. */
  readonly httpPort: number;
  readonly rpcPort: number;
  readonly dataNodeHttpPort: number;
  /** `webhdfs://host:httpPort`, without a trailing slash: put an absolute path behind it for `--base-path`. */
  readonly webHdfsUri: string;
  /** The user name that may do everything; give it as HADOOP_USER_NAME or `user.name`. */
  readonly superuser: string;
  /** Directory of settings, logs (`log/namenode.log`) and data. */
  readonly stateDirectory: string;
  /** kill -9; resolves once the process is gone. */
  killNameNode(): Promise<void>;
  /** Resolves once it answers; it may still be in safe mode then. */
  startNameNode(): Promise<void>;
  killDataNode(): Promise<void>;
  /** Resolves once files can be written, thus only with a NameNode that runs. */
  startDataNode(): Promise<void>;
  /** Freezes the process (SIGSTOP): connections stay open and nothing answers. */
  pauseNameNode(): Promise<void>;
  resumeNameNode(): Promise<void>;
  pauseDataNode(): Promise<void>;
  resumeDataNode(): Promise<void>;
  /** Runs Hadoop's administration tool (a JVM: about a second) and resolves with its output. */
  dfsadmin(...args: readonly string[]): Promise<string>;
  /** Runs any other tool of Hadoop, by the name of its class. */
  tool(className: string, ...args: readonly string[]): Promise<string>;
  /** Starts one more DataNode; resolves once the NameNode knows it. */
  addDataNode(): Promise<void>;
  /** Ends all daemons and deletes everything that was stored. */
  stop(): Promise<void>;
}

/** How a cluster is started. */
export interface ClusterOptions {
  /** Which Hadoop, e.g. `3.3.6`; that of the environment variable `TEST_HADOOP`, else the script's default. */
  readonly hadoop?: string;
  /** Hadoop properties in addition, e.g. `{ 'dfs.namenode.fs-limits.min-block-size': '1048576' }`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Environment of the daemons in addition, e.g. `LOCAL_HDFS_JIT_LEVEL`. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Set by the test run for its test files: state directory of the cluster it started, or why there is none. */
export const sharedClusterVariables = { state: 'TEST_HDFS_STATE', missing: 'TEST_HDFS_MISSING' } as const;

/** Java or Maven is missing, or the jars cannot be fetched: the message says what to install. */
export class HdfsUnavailable extends Error {}

const script = join(repositoryRoot, 'scripts/local-hdfs.sh');

/** What the script ends with when something is missing on this machine. */
const unavailable = 69;

/** A block of 1 KB is the smallest that HDFS takes (512 bytes a checksum), so that small files can have several. */
const testProperties = { 'dfs.namenode.fs-limits.min-block-size': '1024' };

/**
 * Starts a cluster that ends with this process at the latest, however that ends. The caller stops it.
 * @throws HdfsUnavailable when this machine lacks what it needs
 */
export async function startCluster(options: ClusterOptions = {}): Promise<HdfsCluster> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'consolidator-hdfs-'));
  const hadoop = options.hadoop ?? (process.env.TEST_HADOOP || undefined);
  const properties = Object.entries({ ...testProperties, ...options.properties });
  try {
    await runScript(
      'start',
      stateDirectory,
      [
        ...['--free-ports', '--owner', String(process.pid)],
        ...(hadoop === undefined ? [] : ['--hadoop', hadoop]),
        ...properties.flatMap(([name, value]) => ['-D', `${name}=${value}`]),
      ],
      options.env,
    );
  } catch (error) {
    await rm(stateDirectory, { recursive: true, force: true });
    throw error;
  }
  return runningCluster(stateDirectory);
}

/**
 * What `start` resolves with, or `undefined` where this machine cannot run HDFS, after saying so on stderr.
 * @throws Error instead, where `CI` is set
 */
export async function unlessUnavailable<T>(start: () => Promise<T>): Promise<T | undefined> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof HdfsUnavailable) || (process.env.CI ?? '') !== '') throw error;
    const line = '!'.repeat(100);
    process.stderr.write(`${line}\nThe tests on a real HDFS will NOT run. ${error.message}\n${line}\n`);
    return undefined;
  }
}

/** The cluster that runs with this state directory. */
export function runningCluster(stateDirectory: string): HdfsCluster {
  const settings = new Map(
    readFileSync(join(stateDirectory, 'settings'), 'utf8')
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  const setting = (name: string): string => {
    const value = settings.get(name);
    if (value === undefined || value === '') throw new Error(`${stateDirectory}/settings lacks ${name}`);
    return value;
  };
  const run =
    (command: string) =>
    async (...args: readonly string[]): Promise<string> =>
      await runScript(command, stateDirectory, args);
  const act = (command: string) => async (): Promise<void> => {
    await runScript(command, stateDirectory, []);
  };
  const host = '127.0.0.1';
  const httpPort = Number(setting('webhdfs_port'));
  return {
    host,
    httpPort,
    rpcPort: Number(setting('rpc_port')),
    dataNodeHttpPort: Number(setting('datanode_port')),
    webHdfsUri: `webhdfs://${host}:${httpPort}`,
    superuser: setting('superuser'),
    stateDirectory,
    killNameNode: act('kill-namenode'),
    startNameNode: act('start-namenode'),
    killDataNode: act('kill-datanode'),
    startDataNode: act('start-datanode'),
    pauseNameNode: act('pause-namenode'),
    resumeNameNode: act('resume-namenode'),
    pauseDataNode: act('pause-datanode'),
    resumeDataNode: act('resume-datanode'),
    dfsadmin: run('dfsadmin'),
    tool: run('tool'),
    addDataNode: act('add-datanode'),
    stop: act('remove'),
  };
}

function runScript(
  command: string,
  stateDirectory: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(script, [command, '--state', stateDirectory, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const output = Buffer.concat(stdout).toString();
      const problem = Buffer.concat(stderr).toString();
      if (code === 0) resolve(output);
      else if (code === unavailable) reject(new HdfsUnavailable(problem.trim()));
      else
        reject(
          new Error(
            `local-hdfs.sh ${command} ended with ${signal ?? `exit code ${code}`}:\n${problem}${output}`,
          ),
        );
    });
  });
}
