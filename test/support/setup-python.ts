/**
 * Makes the Python environment of the tests: `.venv` with the pinned requirements, and Spark where there is Java. Says
 * nothing and takes no time when it is there already. Without a usable python3 or Java it says so and exits with 0, so
 * that everything else can be tested; under `CI=true` it exits with 1.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import {
  environmentKey,
  environmentPath,
  kubernetesMarkerPath,
  kubernetesPythonPath,
  kubernetesRequirementsPath,
  markerPath,
  pythonPath,
  requirementsPath,
  sparkMarkerPath,
  sparkPythonPath,
  sparkRequirementsPath,
} from './python-env.ts';

function run(command: string, args: readonly string[]): { ok: boolean; output: string } {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.error) return { ok: false, output: result.error.message };
  return { ok: result.status === 0, output: `${result.stdout}${result.stderr}`.trim() };
}

/** The problem that kept the environment from being made, or `undefined`. */
function install(): string | undefined {
  const version = run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']);
  if (!version.ok) return `python3 >= 3.9 was not found. ${version.output}`;
  process.stderr.write(`Making the Python environment of the tests in ${environmentPath} …\n`);
  rmSync(environmentPath, { recursive: true, force: true });
  const venv = run('python3', ['-m', 'venv', environmentPath]);
  if (!venv.ok) return `python3 -m venv failed (on Debian, install python3-venv):\n${venv.output}`;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  const installed = run(`${environmentPath}/bin/python`, [...pip, '-r', requirementsPath]);
  if (!installed.ok) return `pip could not install ${requirementsPath}:\n${installed.output}`;
  writeFileSync(markerPath, `${environmentKey()}\n`);
  return undefined;
}

/** The same for Spark: 460 MB come down, once. */
function installSpark(): string | undefined {
  const python = run(`${environmentPath}/bin/python`, [
    '-c',
    'import sys; sys.exit(sys.version_info < (3, 11))',
  ]);
  if (!python.ok) return 'python3 is older than 3.11, which Spark needs';
  const java = process.env.JAVA_HOME ? `${process.env.JAVA_HOME}/bin/java` : 'java';
  const { ok, output } = run(java, ['-version']);
  const major = Number(/ version "(\d+)/.exec(output)?.[1] ?? 0);
  if (!ok || major < 17) {
    const found = major > 0 ? `Java ${major} is too old` : 'no Java was found';
    return `${found}; install 17 or newer (Debian: openjdk-17-jre-headless), or set JAVA_HOME`;
  }
  process.stderr.write('Adding Spark to it (some 460 MB come down, once) …\n');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const installed = run(`${environmentPath}/bin/python`, [...pip, '-r', sparkRequirementsPath]);
  if (!installed.ok) return `pip could not install ${sparkRequirementsPath}:\n${installed.output}`;
  writeFileSync(sparkMarkerPath, `${environmentKey(sparkRequirementsPath)}\n`);
  return undefined;
}

/** The same for the schemas of Kubernetes: 22 MB. */
function installKubernetes(): string | undefined {
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:'];
  const installed = run(`${environmentPath}/bin/python`, [...pip, '-r', kubernetesRequirementsPath]);
  if (!installed.ok) return `pip could not install ${kubernetesRequirementsPath}:\n${installed.output}`;
  writeFileSync(kubernetesMarkerPath, `${environmentKey(kubernetesRequirementsPath)}\n`);
  return undefined;
}

function complain(what: string, problem: string): void {
  const line = '!'.repeat(100);
  process.stderr.write(`${line}\n${what} will NOT run: ${problem}\n${line}\n`);
  process.exitCode = process.env.CI === 'true' ? 1 : 0;
}

if (pythonPath() === undefined) {
  const problem = install();
  if (problem !== undefined)
    complain('The witnesses (pyarrow, DuckDB, polars, Spark) and shellcheck', problem);
}
if (pythonPath() !== undefined && sparkPythonPath() === undefined) {
  const problem = installSpark();
  if (problem !== undefined) complain('The tests with Spark and parquet-java', problem);
}
if (pythonPath() !== undefined && kubernetesPythonPath() === undefined) {
  const problem = installKubernetes();
  if (problem !== undefined) complain('The tests of the Kubernetes manifests', problem);
}
