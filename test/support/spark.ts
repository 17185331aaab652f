import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { repositoryRoot, sparkPythonPath } from './python-env.ts';

/** What the process tells of itself when it is ready. */
export interface SparkVersions {
  readonly spark: string;
  readonly parquetJava: string;
}

/** What can be asked of test/witness/spark_witness.py; see there. */
export type SparkRequest =
  | { readonly do: 'write'; readonly directory: string }
  | { readonly do: 'compare' | 'ask'; readonly inputs: readonly string[]; readonly out: string };

/** A running Spark. */
export interface Spark {
  readonly versions: SparkVersions;
  /** The reply to a request, one at a time. @throws Error with what Spark found wrong */
  ask(request: SparkRequest): Promise<Readonly<Record<string, unknown>>>;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the one session of a test file: that takes some ten seconds.
 * @throws Error with what the process said when it ends before it is ready
 */
export async function startSpark(): Promise<Spark> {
  const python = sparkPythonPath();
  if (python === undefined)
    throw new Error('Spark is not there: run `npm run pretest` where Java is installed');
  const child = spawn(python, [`${repositoryRoot}/test/witness/spark_witness.py`], {
    cwd: repositoryRoot,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYSPARK_PYTHON: python },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-20_000);
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      said += error.message;
      resolve();
    });
    child.on('close', () => resolve());
  });
  // A request to a process that has died is answered by its end.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const reply = async (): Promise<Readonly<Record<string, unknown>>> => {
    const line = await lines.next();
    if (line.done === true) {
      await ended;
      throw new Error(`Spark ended:\n${said}`);
    }
    return JSON.parse(line.value);
  };
  const { spark, parquetJava } = await reply();
  return {
    versions: { spark: String(spark), parquetJava: String(parquetJava) },
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = await reply();
      if (answer.problem !== undefined) throw new Error(`Spark: ${answer.problem}`);
      return answer;
    },
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
