import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { HdfsUnavailable } from './hdfs-daemons.ts';
import { repositoryRoot } from './python-env.ts';

const run = promisify(execFile);

/** Where the jars of the script's Hadoop version lie; fetched where they are not there yet. @throws HdfsUnavailable */
export async function hadoopJars(): Promise<{ readonly directory: string; readonly version: string }> {
  try {
    await run(join(repositoryRoot, 'scripts/local-hdfs.sh'), ['jars']);
  } catch (error) {
    throw new HdfsUnavailable(error instanceof Error ? error.message : String(error));
  }
  const pom = await readFile(join(repositoryRoot, 'scripts/local-hdfs/pom.xml'), 'utf8');
  const version = /<hadoop.version>(.*)<\/hadoop.version>/.exec(pom)?.[1] ?? '';
  const cache = process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? homedir(), '.cache');
  const parent = process.env.LOCAL_HDFS_JARS ?? join(cache, 'parquet-consolidator');
  const directory = join(parent, `hadoop-${version}`);
  if (!existsSync(join(directory, 'complete'))) throw new Error(`${directory} is not complete`);
  return { directory, version };
}

/**
 * A published jar that is not among those, `group:artifact:version`; fetched by Maven, once.
 * @throws HdfsUnavailable
 */
export async function extraJar(coordinates: string): Promise<string> {
  const [, artifact = '', version = ''] = coordinates.split(':');
  const { directory } = await hadoopJars();
  const extra = join(dirname(directory), 'extra');
  const path = join(extra, `${artifact}-${version}.jar`);
  if (existsSync(path)) return path;
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
  try {
    await run('mvn', ['-q', '-B', goal, `-Dartifact=${coordinates}`, `-DoutputDirectory=${extra}`]);
  } catch (error) {
    throw new HdfsUnavailable(
      `${artifact} cannot be fetched: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return path;
}

/** Writes a Hadoop configuration file. */
export async function writeProperties(
  path: string,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const rows = Object.entries(properties).map(
    ([name, value]) => `<property><name>${name}</name><value>${escaped(value)}</value></property>`,
  );
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `<configuration>\n${rows.join('\n')}\n</configuration>\n`);
}

/** What makes Hadoop's daemons write a log at all; to be written as `log4j.properties` beside their settings. */
export const logSettings = `log4j.rootLogger=INFO,A
log4j.appender.A=org.apache.log4j.ConsoleAppender
log4j.appender.A.layout=org.apache.log4j.PatternLayout
log4j.appender.A.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
`;

/** How a Java process is started. */
export interface JavaStart {
  readonly main: string;
  readonly args?: readonly string[];
  readonly classPath: string;
  readonly log: string;
  readonly options?: readonly string[];
  readonly heap?: string;
}

/** Starts a Java process that ends with this one at the latest. */
export async function startJava({
  main,
  args = [],
  classPath,
  log,
  options = [],
  heap = '384m',
}: JavaStart): Promise<ChildProcess> {
  const java = process.env.JAVA_HOME === undefined ? 'java' : join(process.env.JAVA_HOME, 'bin/java');
  const packages = ['java.lang', 'java.net', 'java.nio', 'sun.nio.ch'];
  const output = await open(log, 'a');
  const child = spawn(
    java,
    [
      ...[`-Xmx${heap}`, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'],
      '-Djava.net.preferIPv4Stack=true',
      ...packages.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      ...options,
      ...['-cp', classPath, main, ...args],
    ],
    { stdio: ['ignore', output.fd, output.fd] },
  );
  const end = (): boolean => child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  await output.close();
  return child;
}

/** Ends a process and waits until it has. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
