import { spawn } from 'node:child_process';
import { pythonPath, repositoryRoot } from '../support/python-env.ts';

/** A merged file and the files it was made of, by their paths. */
export interface JudgedCase {
  readonly out: string;
  readonly inputs: readonly string[];
}

/**
 * What pyarrow finds wrong with each merged file, in one process: a sentence, or null where rows, order, values,
 * schema and metadata are those of the inputs.
 * @throws Error when there is no Python environment, or the script fails
 */
export function judge(cases: readonly JudgedCase[]): Promise<readonly (string | null)[]> {
  const python = pythonPath();
  if (python === undefined) {
    return Promise.reject(new Error('judging needs the Python environment: run `npm run pretest`'));
  }
  return new Promise((resolve, reject) => {
    const child = spawn(python, [`${repositoryRoot}/test/parquet/judge.py`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const stdout: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(stdout).toString()));
      else reject(new Error(`judge.py ended with ${signal ?? code}`));
    });
    child.stdin.end(JSON.stringify(cases));
  });
}
