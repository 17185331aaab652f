import { delimiter, dirname } from 'node:path';
import { type StartedCli, startProcess } from '../cli/cli-process.ts';
import { repositoryRoot, sparkPythonPath } from '../support/python-env.ts';

const script = `${repositoryRoot}/scripts/consolidate_on_spark.py`;

/** How Spark is started. */
export interface SparkRun {
  /** `--master`. */
  readonly master: string;
  /** `--conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Options of the script. */
  readonly options?: readonly string[];
  /** Flags of the program. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Starts scripts/consolidate_on_spark.py by spark-submit. */
export function startOnSpark({ master, settings = {}, options = [], flags, env }: SparkRun): StartedCli {
  const python = sparkPythonPath() ?? '';
  const own = {
    'spark.ui.enabled': 'false',
    'spark.log.level': 'ERROR',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.memory': '1g',
    'spark.driver.extraJavaOptions': '-XX:+UseSerialGC -XX:TieredStopAtLevel=1',
    ...settings,
  };
  const conf = Object.entries(own).flatMap(([name, value]) => ['--conf', `${name}=${value}`]);
  const words = ['--master', master, ...conf, script, ...options, '--', ...flags];
  return startProcess(`${dirname(python)}/spark-submit`, words, { env: environment(python, env) });
}

/** Starts it without Spark, which it asks for with its first bin only. */
export function startWithoutSpark(options: readonly string[], flags: readonly string[]): StartedCli {
  const python = sparkPythonPath() ?? 'python3';
  return startProcess(python, [script, ...options, '--', ...flags], { env: environment(python, {}) });
}

function environment(python: string, env: Readonly<Record<string, string>>): Record<string, string> {
  return {
    PATH: [dirname(python), dirname(process.execPath), process.env.PATH ?? ''].join(delimiter),
    ...(process.env.JAVA_HOME === undefined ? {} : { JAVA_HOME: process.env.JAVA_HOME }),
    HOME: process.env.HOME ?? '/tmp',
    PYSPARK_PYTHON: python,
    PYTHONDONTWRITEBYTECODE: '1',
    SPARK_LOCAL_IP: '127.0.0.1',
    ...env,
  };
}
