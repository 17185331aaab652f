import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli, startProcess } from '../cli/cli-process.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { readPartition } from '../support/hdfs-reader.ts';
import { repositoryRoot } from '../support/python-env.ts';

const skip = (await sharedCluster()) === undefined ? noHdfs : false;
const path = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };
const script = join(repositoryRoot, 'scripts/local-hdfs.sh');

test('the demo on a real HDFS, which ends with it', { skip }, async (t) => {
  const directory = await tempDirectory(t);
  const run = await runCli(['demo', '--hdfs', '--directory', directory], { env: path });
  assert.equal(run.stderr, '');
  assert.equal(run.exit, 0);
  assert.match(
    run.stdout,
    /\n {3}webhdfs:\/\/127\.0\.0\.1:\d+\/insurance-megacorp\/telemetry-data-v2\/date=2025-08-15\n/,
  );
  assert.match(run.stdout, /\nDRY RUN: Would consolidate 21 files into ~0\.6 MB consolidated file\n/);
  assert.match(run.stdout, /Consolidated date 2025-08-15: 21 files into 1\n/);
  assert.match(run.stdout, /\n {2}Files opened +21 +1 {2}95 % fewer\n/);
  assert.match(run.stdout, /\n {3}The same answer both times, over 10,280 rows\.\n/);
  assert.match(run.stdout, /\nHDFS ends here\. With --keep it goes on/);
  assert.ok(!existsSync(join(directory, 'hdfs')), 'nothing of it is left');
});

test('the demo with --keep, twice, with undo by the command it names, and its end', { skip }, async (t) => {
  const directory = await tempDirectory(t);
  const state = join(directory, 'hdfs');
  t.after(() => startProcess(script, ['remove', '--state', state], { env: path }).finished);
  for (const round of ['first', 'second']) {
    const kept = await runCli(['demo', '--hdfs', '--keep', '--directory', directory], { env: path });
    assert.equal(kept.exit, 0, `${round}: ${kept.stderr}`);
    const undo = /(\S*consolidate_telemetry\.sh --base-path \S+ undo 2025-08-15) /.exec(kept.stdout)?.[1];
    assert.ok(undo !== undefined, kept.stdout);
    const undone = await startProcess('/bin/sh', ['-c', undo], { env: path }).finished;
    assert.equal(undone.exit, 0, undone.stderr);
    const httpPort = Number(/^webhdfs_port=(\d+)$/m.exec(readFileSync(join(state, 'settings'), 'utf8'))?.[1]);
    const superuser = /^superuser=(.+)$/m.exec(readFileSync(join(state, 'settings'), 'utf8'))?.[1] ?? '';
    const { files, ids } = await readPartition(
      { host: '127.0.0.1', httpPort, superuser },
      '/insurance-megacorp/telemetry-data-v2/date=2025-08-15',
    );
    assert.equal(files.length, 1);
    assert.equal(ids.length, 10_280);
    const stop = /To end it: (.+)\n$/.exec(kept.stdout)?.[1];
    assert.match(stop ?? '', /local-hdfs\.sh remove --state /);
    if (round === 'second') {
      assert.equal((await startProcess('/bin/sh', ['-c', stop ?? ''], { env: path }).finished).exit, 0);
    }
  }
  assert.ok(!existsSync(state));
});

test('the demo without Java says what to install, and that the other demo needs none', async (t) => {
  const directory = await tempDirectory(t);
  const tools = join(directory, 'tools');
  await mkdir(tools);
  await writeFile(join(tools, 'java'), '#!/bin/sh\necho "no Java here" >&2\nexit 1\n', { mode: 0o755 });
  const env = { PATH: `${tools}:/usr/bin:/bin` };
  const run = await runCli(['demo', '--hdfs', '--directory', join(directory, 'demo')], { env });
  assert.equal(run.exit, 2);
  assert.match(run.stderr, /cannot start an HDFS on this machine: no Java was found/);
  assert.match(run.stderr, /Install one, 11 to 23/);
});

test('the demo on HDFS takes no directory that holds something else', { skip }, async (t) => {
  const directory = await tempDirectory(t);
  await mkdir(join(directory, 'hdfs'));
  await writeFile(join(directory, 'hdfs', 'precious'), 'x');
  const run = await runCli(['demo', '--hdfs', '--directory', directory], { env: path });
  assert.equal(run.exit, 2);
  assert.match(run.stderr, /holds something else/);
  assert.equal(readFileSync(join(directory, 'hdfs', 'precious'), 'utf8'), 'x');
});

test('--keep without --hdfs is refused', async () => {
  const run = await runCli(['demo', '--keep']);
  assert.equal(run.exit, 2);
  assert.match(run.stderr, /--keep says what becomes of the HDFS of --hdfs/);
});
