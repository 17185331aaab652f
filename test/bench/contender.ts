import { repositoryRoot, runPython } from '../support/python-env.ts';

/** One way to merge a directory of Parquet files into one file, as a command line. */
export interface Contender {
  readonly name: string;
  command(directory: string, out: string): readonly string[];
}

/** What one process took. */
export interface Cost {
  readonly wallSeconds: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  /** Peak resident memory. */
  readonly peakBytes: number;
  /** User and system time of the thread the process began with, to a few hundredths; where the system tells (Linux). */
  readonly firstThreadCpuSeconds?: number;
}

/** What one process made. */
export interface Output {
  readonly rows: number;
  readonly rowGroups: number;
  readonly sizeBytes: number;
}

const peers = 'test/bench/peers.py';

/** The program as it is built, and the peers; `python` is the interpreter the peers run in. */
export function contenders(python: string): readonly Contender[] {
  const peer = (name: string, call: string): Contender => ({
    name,
    command: (directory, out) => [python, `${repositoryRoot}/${peers}`, call, directory, out],
  });
  return [
    {
      name: 'parquet-consolidator, verified',
      command: (directory, out) => [
        process.execPath,
        `${repositoryRoot}/dist/main.js`,
        'merge',
        directory,
        '--out',
        out,
      ],
    },
    peer('DuckDB COPY', 'duckdb'),
    peer('pyarrow write_dataset', 'pyarrow'),
    peer('pyarrow write_table', 'pyarrow_table'),
    peer('polars sink', 'polars'),
  ];
}

/**
 * Runs a command to its end and says what it took, start of the process included.
 * @throws Error when it fails
 */
export async function measured(command: readonly string[]): Promise<Cost> {
  const cost: Cost = JSON.parse((await runPython(peers, ['measure', ...command])).stdout);
  return cost;
}

/** Rows, row groups and bytes of a Parquet file, by its footer. */
export async function outputOf(path: string): Promise<Output> {
  const output: Output = JSON.parse((await runPython(peers, ['facts', path])).stdout);
  return output;
}
