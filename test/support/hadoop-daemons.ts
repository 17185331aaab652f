import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hadoopClasses } from './class-archive.ts';
import { hadoopJars, logSettings, writeProperties } from './hadoop-process.ts';

/** One daemon of Hadoop that a test started. */
export interface Daemon {
  /** kill -9; resolves once the process is gone. */
  kill(): Promise<void>;
}

/** Properties of Hadoop by their names. */
export type HadoopProperties = Readonly<Record<string, string>>;

const java = process.env.JAVA_HOME === undefined ? 'java' : join(process.env.JAVA_HOME, 'bin/java');
const javaOptions = [
  ...[
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-Xshare:auto',
    '-Djava.net.preferIPv4Stack=true',
  ],
  ...['java.lang', 'java.net', 'java.nio', 'sun.nio.ch'].map(
    (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
  ),
];

/** Writes what daemons and tools need to find on their class path, the properties in both site files. */
export async function writeConf(directory: string, properties: HadoopProperties): Promise<void> {
  const webXml = '<web-app xmlns="http://java.sun.com/xml/ns/javaee" version="2.5"/>\n';
  for (const webapp of ['hdfs', 'datanode', 'journal', 'static']) {
    await mkdir(join(directory, 'webapps', webapp, 'WEB-INF'), { recursive: true });
    await writeFile(join(directory, 'webapps', webapp, 'WEB-INF/web.xml'), webXml);
  }
  await writeFile(join(directory, 'log4j.properties'), logSettings);
  for (const site of ['core-site.xml', 'hdfs-site.xml']) {
    await writeProperties(join(directory, site), properties);
  }
}

/** How a Java of Hadoop's is started, beside its arguments. */
export interface JavaSettings {
  readonly javaOptions?: readonly string[];
  /** In addition to this process's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs one of Hadoop's programs to its end and resolves with its output. */
export async function runHadoop(
  conf: string,
  main: string,
  args: readonly string[],
  { javaOptions: options = [], env = {} }: JavaSettings = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(java, [...options, ...(await commandLine(conf, main, args))], {
    env: { ...process.env, ...env },
  });
  return stdout;
}

/**
 * Starts a daemon of Hadoop, which ends with this process at the latest: a shell waits for the end of its input, and
 * this process's death is one.
 * @param log file that its output is appended to
 */
export async function startDaemon(
  conf: string,
  main: string,
  args: readonly string[],
  log: string,
  { javaOptions: options = [], env = {} }: JavaSettings = {},
): Promise<Daemon> {
  const shell = '"$@" </dev/null & pid=$!; cat >/dev/null; kill -9 $pid 2>/dev/null; wait $pid 2>/dev/null';
  const child: ChildProcess = spawn(
    'sh',
    ['-c', shell, 'sh', java, ...options, ...(await commandLine(conf, main, args))],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } },
  );
  const output = createWriteStream(log, { flags: 'a' });
  child.stdout?.pipe(output, { end: false });
  child.stderr?.pipe(output, { end: false });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // They alone keep no test waiting.
  child.unref();
  return {
    async kill() {
      child.ref();
      child.stdin?.end();
      await gone;
      output.end();
    },
  };
}

async function commandLine(conf: string, main: string, args: readonly string[]): Promise<readonly string[]> {
  const { directory } = await hadoopJars();
  return [...javaOptions, ...hadoopClasses(directory, conf), main, ...args];
}

/** So many ports that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Waits, up to three minutes as a busy machine may need them, until `isSo`; then fails with the end of a log. */
export async function waitUntil(what: string, log: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 180_000; Date.now() < endMs; await sleep(50)) if (await isSo()) return;
  const lines = (await readFile(log, 'utf8').catch(() => '')).split('\n');
  throw new Error(`${what} is not so yet; ${log} ends with:\n${lines.slice(-30).join('\n')}`);
}
