import { readdirSync, readFileSync } from 'node:fs';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import type { MergeInput } from '../../src/parquet/merge/merge-request.ts';
import { repositoryRoot, runPython } from './python-env.ts';

/** Where workloads are made; git-ignored, shared by tests and benchmark. */
export const workloadRoot = `${repositoryRoot}/.bench/workloads`;

/** Workloads of make_telemetry.py and of make_shapes.py; the others are made by make_nested.py. */
const telemetry = ['seed21', 'small2k', 'medium200', 'large8'];
const shapes = ['texts', 'wide'];

/**
 * Makes a workload where it is not there yet and resolves with the full path of its partition directory. Not to be
 * called for the same workload by two processes at once.
 * @throws Error when the Python environment is absent or the script fails
 */
export async function workloadDirectory(name: string): Promise<string> {
  const script = telemetry.includes(name)
    ? 'make_telemetry.py'
    : shapes.includes(name)
      ? 'make_shapes.py'
      : 'make_nested.py';
  await runPython(`test/workloads/${script}`, [workloadRoot, name]);
  return `${workloadRoot}/${name}/date=2025-08-15`;
}

/** The Parquet files of a directory as merge inputs in memory, in name order. */
export async function inputsIn(directory: string): Promise<readonly MergeInput[]> {
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.parquet'))
    .sort();
  const inputs: MergeInput[] = [];
  for (const name of names) {
    const source = memorySource(`${directory}/${name}`, readFileSync(`${directory}/${name}`));
    inputs.push({ source, footer: await readFooter(source) });
  }
  return inputs;
}
