import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { jsonOf, mainPath, runCli } from './cli-process.ts';
import { demoDataset, tempDirectory } from './dataset.ts';

const bundle = join(dirname(mainPath), 'bundle');

test('the program is its bundle, and finds kernel and configuration from there', async (t) => {
  assert.match(readFileSync(mainPath, 'utf8'), /^#!.*\nimport '.\/bundle\/main\.js';\n$/);
  const { partition } = await demoDataset(t);
  const out = join(await tempDirectory(t), 'day.parquet');
  // The configuration that comes with the package is asked, and without the kernel the merge warns.
  const run = await runCli(['merge', partition, '--out', out, '--output', 'json']);
  assert.equal(run.exit, 0, run.stderr);
  assert.equal(run.stderr, '');
  assert.deepEqual(jsonOf(run).warnings, []);
});

test('what the program asks Node for lazily it finds, too', async (t) => {
  const { basePath } = await demoDataset(t);
  const run = await runCli(['doctor', '--base-path', basePath, '--output', 'json']);
  assert.equal(run.exit, 0, run.stdout);
  assert.doesNotMatch(run.stdout, /not a function/);
});

test('what a command does not need is not loaded with it', () => {
  const main = readFileSync(join(bundle, 'main.js'), 'utf8');
  const loaded = new Set<string>(['main.js']);
  for (const name of loaded) {
    const text = readFileSync(join(bundle, name), 'utf8');
    for (const [, path] of text.matchAll(/^(?:.*from|import) "\.\/([^"]+)";$/gm)) {
      if (path !== undefined) loaded.add(path);
    }
  }
  const atOnce = [...loaded].map((name) => readFileSync(join(bundle, name), 'utf8')).join('\n');
  assert.ok(main.length > 1000 && loaded.size > 2, [...loaded].join());
  for (const later of ['webhdfs', 'hyparquet', 'parquet/kernel', 'node_modules/yaml']) {
    const marks = [...atOnce.matchAll(new RegExp(`^// .*${later}.*$`, 'gm'))].map(([line]) => line);
    assert.deepEqual(marks, [], `${later} is loaded with every command`);
  }
});

test('the licenses of what is in it are with it', () => {
  const licenses = readFileSync(join(bundle, 'THIRD-PARTY-LICENSES'), 'utf8');
  const sources = readdirSync(bundle)
    .filter((name) => name.endsWith('.js'))
    .map((name) => readFileSync(join(bundle, name), 'utf8'));
  const packages = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/^\/\/ .*node_modules\/((?:@[^/]+\/)?[^/\n]+)\//gm)].map(([, name]) => name ?? ''),
    ),
  );
  assert.ok(packages.has('yargs'), [...packages].join());
  for (const name of packages)
    assert.match(licenses, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(\\S+\\)\\n\\n\\s*\\S`, 'm'));
});
