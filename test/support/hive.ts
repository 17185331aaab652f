import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type JarSet, mavenJars } from './maven-jars.ts';
import { environmentPath, repositoryRoot, sparkPythonPath } from './python-env.ts';

/** Which Hive. */
export type HiveVersion = keyof typeof versions;

const hadoop = ['hadoop-common', 'hadoop-hdfs', 'hadoop-hdfs-client', 'hadoop-mapreduce-client-common'].map(
  (name) => `org.apache.hadoop:${name}:3.3.6`,
);

/** Another Hadoop than that one, and what reads no Parquet. */
const notNeeded = [
  'org.apache.hadoop:hadoop-client-api',
  'org.apache.hadoop:hadoop-client-runtime',
  'org.apache.hadoop:hadoop-yarn-server-resourcemanager',
  ...['org.apache.atlas:*', 'org.graalvm.js:*', 'org.codehaus.groovy:*', 'org.apache.ivy:*'],
  ...['org.apache.ant:*', 'org.apache.hbase:*', 'com.esri.geometry:*', 'org.asynchttpclient:*'],
];

const versions = {
  '4.0.1': {
    artifacts: [
      ...['hive-exec', 'hive-metastore', 'hive-standalone-metastore-server'].map(
        (name) => `org.apache.hive:${name}:4.0.1`,
      ),
      // Not run, but its classes are looked at.
      ...['tez-api', 'tez-dag', 'tez-mapreduce', 'tez-runtime-library'].map(
        (name) => `org.apache.tez:${name}:0.10.4`,
      ),
      ...hadoop,
    ],
    without: notNeeded,
  },
  // Made for Java 8: its queries run on later ones, but no jobs.
  '3.1.3': {
    artifacts: [
      ...['hive-exec', 'hive-metastore', 'hive-standalone-metastore'].map(
        (name) => `org.apache.hive:${name}:3.1.3`,
      ),
      // Hadoop's; its own is older.
      'com.google.guava:guava:27.0-jre',
      ...hadoop,
    ],
    without: [
      ...notNeeded,
      ...['log4j:log4j', 'org.slf4j:slf4j-reload4j', 'org.pentaho:*', 'org.apache.hive:hive-llap-tez'],
      ...['org.glassfish:*', 'org.apache.twill:*', 'co.cask.tephra:*'],
    ],
  },
} as const satisfies Readonly<Record<string, Pick<JarSet, 'artifacts' | 'without'>>>;

/** What runs its queries: itself, or a MapReduce job in the same process with Hive's vectorised readers, or without. */
export const readers = {
  'a fetch': { 'hive.fetch.task.conversion': 'more', 'hive.fetch.task.conversion.threshold': '-1' },
  'a job': { 'hive.fetch.task.conversion': 'none', 'hive.vectorized.execution.enabled': 'false' },
  'a vectorised job': { 'hive.fetch.task.conversion': 'none', 'hive.vectorized.execution.enabled': 'true' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A line of hive_session.py. */
interface Reply {
  readonly hive?: string;
  readonly parquetJava?: string;
  readonly rows?: readonly string[];
  readonly problem?: string;
}

/** A running Hive with an empty metastore of its own. */
export interface Hive {
  /** Which one, and the parquet-java in it. */
  readonly version: string;
  /**
   * Runs one statement; the rows as Hive prints them, columns apart by tabs.
   * @throws Error with what Hive says
   */
  run(sql: string, settings?: Readonly<Record<string, string>>): Promise<readonly string[]>;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts Hive from its published jars, which Maven fetches once (4.0.1: 250 MB, 3.1.3: 160 MB); its first queries take long.
 * @param options.version 4.0.1 unless told
 * @param options.zone the time zone it shows timestamps in
 * @param options.user whom HDFS takes it for
 * @throws HdfsUnavailable when the jars cannot be had; Error when it ends before it is ready
 */
export async function startHive(options: {
  readonly version?: HiveVersion;
  readonly zone: string;
  readonly user?: string;
}): Promise<Hive> {
  const python = sparkPythonPath();
  if (python === undefined) throw new Error('Spark, whose bridge to Java is used, is not there');
  const { version = '4.0.1' } = options;
  const jars = await mavenJars({ name: `hive-${version}`, ...versions[version] });
  const scratch = await mkdtemp(join(tmpdir(), 'consolidator-hive-'));
  const child = spawn(
    python,
    [`${repositoryRoot}/test/support/hive_session.py`, bridge(), jars, scratch, options.zone],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: '1',
        ...(options.user === undefined ? {} : { HADOOP_USER_NAME: options.user }),
      },
    },
  );
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-20_000);
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const reply = async (): Promise<Reply> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`Hive ended:\n${said}`);
    return JSON.parse(line.value);
  };
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    await rm(scratch, { recursive: true, force: true });
  };
  // Questions that come at the same time are asked one after the other.
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (request: object): Promise<readonly string[]> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { rows, problem } = await reply();
    if (rows === undefined) throw new Error(`Hive: ${problem}`);
    return rows;
  };
  try {
    const { hive, parquetJava } = await reply();
    return {
      version: `Hive ${hive}, parquet-java ${parquetJava}`,
      async run(sql, settings = {}) {
        const answer = last.then(() => ask({ sql, settings }));
        last = answer.catch(() => {});
        return await answer;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The jar of py4j, which comes with Spark. */
function bridge(): string {
  const directory = readdirSync(`${environmentPath}/lib`)
    .map((python) => `${environmentPath}/lib/${python}/site-packages/pyspark/jars`)
    .find((path) => path.includes('/python3'));
  const name = directory && readdirSync(directory).find((jar) => jar.startsWith('py4j-'));
  if (directory === undefined || name === undefined)
    throw new Error('py4j was not found among the jars of Spark');
  return join(directory, name);
}
