import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Root of the repository, without a trailing slash. */
export const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The pinned requirements of the Python environment. */
export const requirementsPath = `${repositoryRoot}/test/witness/requirements.txt`;

/** Where the Python environment of the tests lives; git-ignored. */
export const environmentPath = `${repositoryRoot}/.venv`;

/** Written last by the installation: holds {@link environmentKey}. */
export const markerPath = `${environmentPath}/.requirements-installed`;

/** The pinned requirements of the witness that needs Java. */
export const sparkRequirementsPath = `${repositoryRoot}/test/witness/spark-requirements.txt`;

/** The same for Spark as {@link markerPath} for the others. */
export const sparkMarkerPath = `${environmentPath}/.spark-installed`;

/** The pinned package that carries the schemas of the Kubernetes API. */
export const kubernetesRequirementsPath = `${repositoryRoot}/test/k8s/requirements.txt`;

/** The same for it as {@link markerPath} for the others. */
export const kubernetesMarkerPath = `${environmentPath}/.kubernetes-installed`;

/** What an installation is complete for: changes with the requirements file. */
export function environmentKey(path = requirementsPath): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Full path of the environment's interpreter, or `undefined` when the environment is absent or outdated. */
export function pythonPath(): string | undefined {
  const python = `${environmentPath}/bin/python`;
  if (!existsSync(markerPath) || !existsSync(python)) return undefined;
  return readFileSync(markerPath, 'utf8').trim() === environmentKey() ? python : undefined;
}

/** Full path of the interpreter that has Spark, or `undefined` when it is absent or outdated. */
export function sparkPythonPath(): string | undefined {
  const python = pythonPath();
  if (python === undefined || !existsSync(sparkMarkerPath)) return undefined;
  return readFileSync(sparkMarkerPath, 'utf8').trim() === environmentKey(sparkRequirementsPath)
    ? python
    : undefined;
}

/** Full path of the interpreter that has the schemas of Kubernetes, or `undefined` when they are absent or outdated. */
export function kubernetesPythonPath(): string | undefined {
  const python = pythonPath();
  if (python === undefined || !existsSync(kubernetesMarkerPath)) return undefined;
  return readFileSync(kubernetesMarkerPath, 'utf8').trim() === environmentKey(kubernetesRequirementsPath)
    ? python
    : undefined;
}

/** {@link skipWithoutPython} for tests that need Spark. */
export function skipWithoutSpark(): string | false {
  if (process.env.CI === 'true' || sparkPythonPath() !== undefined) return false;
  return 'no Spark: run `npm run pretest` where python3 >= 3.11 with venv and Java >= 17 are installed';
}

/**
 * The `skip` option for tests that need Python: false where they can run, else the reason. Under `CI=true` it is
 * always false: there a missing environment must fail.
 */
export function skipWithoutPython(): string | false {
  if (process.env.CI === 'true' || pythonPath() !== undefined) return false;
  return 'no Python environment: run `npm run pretest` where python3 >= 3.9 with venv is installed';
}

/** What a finished Python process left behind. */
export interface PythonRun {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a script of the repository in the environment and resolves with its output once it exits with 0.
 * `script` is relative to the repository root.
 * @throws Error with the script's stderr when it exits otherwise, or when there is no environment.
 */
export function runPython(script: string, args: readonly string[]): Promise<PythonRun> {
  const python = pythonPath();
  if (python === undefined) {
    return Promise.reject(new Error(`${script} needs the Python environment: run \`npm run pretest\``));
  }
  return new Promise((resolve, reject) => {
    const child = spawn(python, [`${repositoryRoot}/${script}`, ...args], {
      cwd: repositoryRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const run = { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
      if (code === 0) resolve(run);
      else
        reject(
          new Error(`${script} ${args.join(' ')} ended with ${signal ?? code}:\n${run.stderr}${run.stdout}`),
        );
    });
  });
}
