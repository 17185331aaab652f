import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { jsonOf, startProcess } from '../cli/cli-process.ts';
import { addPartition, date, tempDirectory, treeDigest } from '../cli/dataset.ts';
import { type Instruction, isInContext, stagesOf } from './dockerfile-lines.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerignore = readFileSync(join(root, '.dockerignore'), 'utf8');
const stages = stagesOf(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const image = '/opt/parquet-consolidator';

/** Where the two stages are carried out, in the place of containers. */
const place = mkdtempSync(join(tmpdir(), 'consolidator-image-'));
const context = join(place, 'context');
const buildStage = join(place, 'build-stage');
const final = join(place, 'final');
after(() => {
  chmodSync(final, 0o755);
  rmSync(place, { recursive: true, force: true });
});

function linesOf(stage: string, word: string): readonly string[] {
  const lines = (stages.get(stage) ?? []).filter((one) => one.word === word).map(({ rest }) => rest);
  assert.ok(lines.length > 0, `${stage}: no ${word}`);
  return lines;
}

/** Everything of the repository that a `docker build` would be sent. */
function fillContext(): void {
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(listed.status, 0, listed.stderr);
  const paths = listed.stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
  for (const path of paths.filter((one) => isInContext(one, dockerignore))) {
    mkdirSync(dirname(join(context, path)), { recursive: true });
    cpSync(join(root, path), join(context, path));
  }
}

/** COPY as Docker does it: of a directory its content, of files into a directory that ends with a slash. */
function copy(rest: string, directory: string): void {
  const fromBuild = rest.startsWith('--from=build ');
  const words = rest.replace('--from=build ', '').split(/\s+/);
  const target = words.pop() ?? '';
  for (const word of words) {
    assert.doesNotMatch(word, /[*?]/);
    const source = fromBuild ? join(buildStage, word.replace(/^\/build\//, '')) : join(context, word);
    assert.ok(existsSync(source), `COPY ${rest}: ${word} is not there`);
    cpSync(source, target.endsWith('/') ? join(directory, target, word) : join(directory, target), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

function runShell(command: string, cwd: string): void {
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, npm_config_user_agent: ___, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { cwd, env, encoding: 'utf8' });
  assert.equal(status, 0, `RUN ${command}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
}

function carryOut({ word, rest }: Instruction, directory: string): void {
  if (word === 'COPY') copy(rest, directory);
  if (word === 'RUN') runShell(rest, directory);
}

before(() => {
  fillContext();
  mkdirSync(buildStage);
  for (const instruction of stages.get('build') ?? []) carryOut(instruction, buildStage);
  mkdirSync(final);
  for (const rest of linesOf('', 'COPY')) copy(rest, final);
});

/** The entry point as the image has it, without tini, in the place where the image was put together. */
function entryPoint(): string {
  const words: readonly string[] = JSON.parse(linesOf('', 'ENTRYPOINT')[0] ?? '');
  assert.deepEqual(words.slice(0, 2), ['/usr/bin/tini', '--']);
  assert.equal(words.length, 3);
  return words[2]?.replace(image, final) ?? '';
}

const env = { NODE_ENV: 'production', HOME: tmpdir(), NODE_BINARY: process.execPath };

test('what the image holds is the program, its run-time packages, and nothing else', () => {
  assert.deepEqual(readdirSync(final).sort(), [
    'LICENSE',
    'config',
    'dist',
    'node_modules',
    'package.json',
    'scripts',
  ]);
  assert.deepEqual(readdirSync(join(final, 'dist')).sort(), ['bundle', 'main.js']);
  const manifest = JSON.parse(readFileSync(join(final, 'package.json'), 'utf8'));
  for (const name of Object.keys(manifest.dependencies))
    assert.ok(existsSync(join(final, 'node_modules', name)), name);
  // Types are dragged in by a package of others.
  const ours = Object.keys(manifest.devDependencies).filter((name) => !name.startsWith('@types/'));
  for (const name of ours) {
    assert.ok(!existsSync(join(final, 'node_modules', name)), `${name} is a development dependency`);
  }
});

test('the default command shows the help', async () => {
  const words: readonly string[] = JSON.parse(linesOf('', 'CMD')[0] ?? '');
  const run = await startProcess(entryPoint(), words, { env, cwd: '/' }).finished;
  assert.equal(run.exit, 0, run.stderr);
  assert.match(run.stdout, /^Usage: \S+ --date <day>/);
});

test('the entry point consolidates, and writes nothing into the image', async (t) => {
  const basePath = await tempDirectory(t);
  await addPartition(basePath, date);
  const before = treeDigest(final);
  const args = ['--date', date, '--base-path', basePath, '--output', 'json'];
  const run = await startProcess(entryPoint(), args, { env, cwd: '/' }).finished;
  assert.equal(run.exit, 0, run.stderr);
  assert.equal((jsonOf(run).partitions as { filesAfter: number }[])[0]?.filesAfter, 1);
  assert.equal(treeDigest(final), before);
});

test('SIGTERM reaches the program behind the entry point', async (t) => {
  const basePath = await tempDirectory(t);
  await addPartition(basePath, date, 30);
  const started = startProcess(entryPoint(), ['--date', date, '--base-path', basePath], { env, cwd: '/' });
  let hasEnded = false;
  started.finished.finally(() => {
    hasEnded = true;
  });
  while (!hasEnded && !existsSync(join(basePath, '_consolidation'))) await pause(1);
  started.child.kill('SIGTERM');
  const run = await started.finished;
  assert.equal(run.exit, 143, run.stderr);
  assert.match(run.stderr, /^SIGTERM: stopping at the next safe point/);
});

test('an image is sent no secret, no dataset, no tree of this machine', () => {
  for (const path of [
    'node_modules/yaml/package.json',
    '.git/config',
    '.env',
    'config/consolidator.keytab',
    'k8s/base/cronjob.yaml',
    'data/date=2025-08-15/a.parquet',
    'dist/main.js',
    'src/parquet/kernel/kernel.wasm',
  ]) {
    assert.ok(!isInContext(path, dockerignore), path);
  }
  for (const path of ['src/main.ts', 'package-lock.json', 'config/consolidation.yaml']) {
    assert.ok(isInContext(path, dockerignore), path);
  }
});

test('the base is a pinned long-term release that the program allows, and nobody is root', () => {
  const [argument = ''] = linesOf('global', 'ARG');
  const [, major, minor] = /^NODE_IMAGE=node:(\d+)\.(\d+)\.\d+-bookworm-slim$/.exec(argument) ?? [];
  assert.equal(Number(major) % 2, 0, 'even releases get long-term support');
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.match(engines.node, /^>=20\.19/);
  assert.ok(Number(major) > 20 || Number(minor) >= 19);
  for (const stage of ['build', '']) assert.match(linesOf(stage, 'FROM')[0] ?? '', /^\$\{NODE_IMAGE\}/);
  assert.deepEqual(linesOf('', 'USER'), ['10001:10001']);
  assert.deepEqual(linesOf('', 'WORKDIR'), [image]);
});

test('the packages the image installs are known to Debian', { skip: skipWithoutDebian() }, () => {
  const [install = ''] = linesOf('', 'RUN');
  const names = /--no-install-recommends (.+?) +&&/.exec(install)?.[1]?.split(' ') ?? [];
  assert.equal(names.length, 3);
  for (const name of names) {
    const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' });
    assert.match(stdout, /Candidate: \d/, name);
  }
});

function skipWithoutDebian(): string | false {
  const { status, stdout } = spawnSync('apt-cache', ['policy', 'bash'], { encoding: 'utf8' });
  return status === 0 && /Candidate: \d/.test(stdout) ? false : 'not on Debian, or without package lists';
}
