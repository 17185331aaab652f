import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { type CliRun, startProcess } from '../cli/cli-process.ts';
import { environmentPath, repositoryRoot, skipWithoutPython } from '../support/python-env.ts';

const realScript = join(repositoryRoot, 'scripts/consolidate_telemetry.sh');
const barePath = { PATH: '/usr/bin:/bin' };

/**
 * A repository with spaces in its path, whose program prints what it was given: its arguments, configuration and
 * name, one JSON line, and ends with the code in EXIT_WITH.
 */
let root: string;
let script: string;

const echoProgram = `
const { CONSOLIDATION_CONFIG: config, CONSOLIDATION_PROGRAM: program } = process.env;
if (process.env.WAIT === '1') {
  process.on('SIGTERM', () => process.exit(143));
  setInterval(() => {}, 1000);
}
console.log(JSON.stringify({ args: process.argv.slice(2), config, program, node: process.execPath }));
process.exitCode = Number(process.env.EXIT_WITH ?? 0);
`;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'consolidator wrapper-'));
  await mkdir(join(root, 'scripts'));
  await mkdir(join(root, 'dist'));
  await cp(realScript, join(root, 'scripts/consolidate_telemetry.sh'));
  await writeFile(join(root, 'dist/main.js'), echoProgram);
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  script = join(root, 'scripts/consolidate_telemetry.sh');
});

after(() => rm(root, { recursive: true, force: true }));

interface Echo {
  readonly args: readonly string[];
  readonly config: string;
  readonly program: string;
  readonly node: string;
}

async function echoOf(run: Promise<CliRun>): Promise<Echo> {
  const { exit, stdout, stderr } = await run;
  assert.equal(stderr, '');
  assert.equal(exit, 0);
  return JSON.parse(stdout);
}

function wrapper(args: readonly string[], env: Readonly<Record<string, string>> = {}, path = script) {
  return startProcess(path, args, { env: { ...nodeOnPath, ...env }, cwd: '/' });
}

const nodeOnPath = { PATH: `${join(process.execPath, '..')}:/usr/bin:/bin` };

/** A directory with a node that says it is of that version, and otherwise is the real one. */
async function fakeNode(directory: string, version: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'node');
  await writeFile(
    path,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else exec "${process.execPath}" "$@"; fi\n`,
  );
  await chmod(path, 0o755);
  return path;
}

test('every argument goes through untouched', async () => {
  const odd = [
    '--date',
    '2025-08-15',
    'two words',
    '',
    '*',
    '$HOME',
    "it's",
    '"quoted"',
    'back\\slash',
    'new\nline',
    '--',
    '-x',
    'ü',
  ];
  assert.deepEqual((await echoOf(wrapper(odd).finished)).args, odd);
  assert.deepEqual((await echoOf(wrapper([]).finished)).args, []);
});

test('the exit code of the program comes back', async () => {
  for (const code of [0, 2, 3, 11, 14, 143]) {
    assert.equal((await wrapper([], { EXIT_WITH: String(code) }).finished).exit, code);
  }
});

test('the configuration of the repository, unless another is named', async () => {
  assert.equal((await echoOf(wrapper([]).finished)).config, join(root, 'config/consolidation.yaml'));
  const named = await echoOf(wrapper([], { CONSOLIDATION_CONFIG: '/etc/own.yaml' }).finished);
  assert.equal(named.config, '/etc/own.yaml');
});

test('through symlinks: absolute, relative, chained, and a linked directory', async () => {
  const links = join(root, 'links');
  await mkdir(join(links, 'deeper'), { recursive: true });
  await symlink(script, join(links, 'absolute'));
  await symlink('../scripts/consolidate_telemetry.sh', join(links, 'relative'));
  await symlink('../relative', join(links, 'deeper/chained'));
  await symlink('../scripts', join(links, 'scripts'));
  for (const path of ['absolute', 'relative', 'deeper/chained', 'scripts/consolidate_telemetry.sh']) {
    const echo = await echoOf(wrapper(['x'], {}, join(links, path)).finished);
    assert.equal(echo.config, join(root, 'config/consolidation.yaml'), path);
    assert.equal(echo.program, join(links, path));
  }
});

test('by a relative path, and with CDPATH set', async () => {
  const run = startProcess('scripts/consolidate_telemetry.sh', [], {
    cwd: root,
    env: { ...nodeOnPath, CDPATH: '/usr:/tmp' },
  });
  assert.equal((await echoOf(run.finished)).config, join(root, 'config/consolidation.yaml'));
});

test("under cron's bare environment the installed Node is found", async (t) => {
  const home = join(root, 'home of cron');
  await fakeNode(join(home, '.nvm/versions/node/v20.19.4/bin'), 'v20.19.4');
  const bin = await toolsWithoutNode(t);
  const echo = await echoOf(
    startProcess(script, ['--date', 'today'], { env: { PATH: bin, HOME: home }, cwd: '/' }).finished,
  );
  assert.deepEqual(echo.args, ['--date', 'today']);
});

test('env -i PATH=/usr/bin:/bin runs it, when Node lies there', async (t) => {
  const run = await startProcess('/usr/bin/env', ['-i', 'PATH=/usr/bin:/bin', script, 'a b'], {
    env: barePath,
  }).finished;
  if (run.exit === 2 && run.stderr.includes('was not found')) {
    t.skip('no Node in any of the usual places of this machine');
    return;
  }
  assert.equal(run.exit, 0);
  assert.deepEqual(JSON.parse(run.stdout).args, ['a b']);
});

test('a Node on the PATH that is too old is named, with what is needed, and nothing is run', async () => {
  const old = join(root, 'old');
  const node = await fakeNode(old, 'v18.20.4');
  const run = await startProcess(script, [], { env: { PATH: `${old}:/usr/bin:/bin` } }).finished;
  assert.equal(run.exit, 2);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, new RegExp(`${node} is Node.js v18\\.20\\.4; 20\\.19 or newer is needed\\.`));
  assert.match(run.stderr, /NODE_BINARY/);
});

test('versions are compared by number', async () => {
  for (const [version, exit] of [
    ['v20.18.9', 2],
    ['v20.9.0', 2],
    ['v9.99.0', 2],
    ['v20.19.0', 0],
    ['v21.0.0', 0],
    ['v100.1.0', 0],
    ['nonsense', 2],
  ] as const) {
    const node = await fakeNode(join(root, 'versions', version), version);
    assert.equal((await wrapper([], { NODE_BINARY: node }).finished).exit, exit, version);
  }
});

test('NODE_BINARY wins over the PATH, and must be one that runs', async () => {
  const node = await fakeNode(join(root, 'chosen'), 'v22.1.0');
  const old = join(root, 'older');
  await fakeNode(old, 'v16.0.0');
  const chosen = await startProcess(script, [], { env: { PATH: `${old}:/usr/bin:/bin`, NODE_BINARY: node } })
    .finished;
  assert.equal(chosen.exit, 0);
  const wrong = await wrapper([], { NODE_BINARY: '/nowhere/node' }).finished;
  assert.equal(wrong.exit, 2);
  assert.match(wrong.stderr, /\/nowhere\/node cannot be run/);
});

test('a program that was not built is said to be so', async () => {
  await rename(join(root, 'dist/main.js'), join(root, 'dist/away.js'));
  try {
    const run = await wrapper([]).finished;
    assert.equal(run.exit, 2);
    assert.match(run.stderr, /dist\/main\.js is missing.*\n.*npm ci/);
  } finally {
    await rename(join(root, 'dist/away.js'), join(root, 'dist/main.js'));
  }
});

test('a signal reaches the program, which takes the place of the shell', async () => {
  const started = wrapper([], { WAIT: '1' });
  await new Promise((resolve) => started.child.stdout.once('data', resolve));
  started.child.kill('SIGTERM');
  assert.equal((await started.finished).exit, 143);
});

test('the real script runs the real program', async () => {
  const run = await startProcess(realScript, ['--version'], { env: nodeOnPath, cwd: '/' }).finished;
  assert.equal(run.exit, 0);
  const manifest = JSON.parse(await readFile(join(repositoryRoot, 'package.json'), 'utf8'));
  assert.equal(run.stdout, `${manifest.version}\n`);
  const missing = await startProcess(realScript, [], { env: nodeOnPath, cwd: '/' }).finished;
  assert.equal(missing.exit, 2);
  assert.ok(missing.stderr.includes(`For example: ${realScript} --date 2025-08-15 --dry-run`));
});

test('shellcheck finds nothing', { skip: skipWithoutPython() }, async () => {
  const shellcheck = join(environmentPath, 'bin/shellcheck');
  const run = await startProcess(shellcheck, [realScript]).finished;
  assert.deepEqual(run, { exit: 0, stdout: '', stderr: '' });
});

/** A PATH with the tools the script uses and no node. */
async function toolsWithoutNode(t: TestContext): Promise<string> {
  const bin = await mkdtemp(join(tmpdir(), 'consolidator-tools-'));
  t.after(() => rm(bin, { recursive: true, force: true }));
  for (const tool of ['sh', 'dirname', 'readlink']) {
    await symlink(existsSync(`/usr/bin/${tool}`) ? `/usr/bin/${tool}` : `/bin/${tool}`, join(bin, tool));
  }
  return bin;
}
