import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { SwapError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import { makeRunId } from '../../src/partition/names.ts';
import { stageUndo } from '../../src/pipeline/stage-undo.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { undoRun } from '../../src/swap/undo.ts';
import { runCli, startCli } from './cli-process.ts';
import { addPartition, date, demoDataset, parquetNames, tempDirectory, treeDigest } from './dataset.ts';

test('an undo that is told to stop ends before it replaces anything', async (t) => {
  const { basePath, partition } = await demoDataset(t);
  assert.equal((await runCli(['--date', date, '--base-path', basePath])).exit, 0);
  const before = treeDigest(basePath);
  const stopped = new SwapError('stopped by SIGTERM', { code: 'stopped', exitCode: 143 });
  const inner = localStore();
  for (const when of ['before the lock', 'under the lock'] as const) {
    const controller = new AbortController();
    if (when === 'before the lock') controller.abort(stopped);
    const store: Store = {
      ...inner,
      rename: async (from, to) => {
        await inner.rename(from, to);
        if (to.endsWith('/lock')) controller.abort(stopped);
      },
    };
    const newRunId = makeRunId(Date.now(), 7);
    await assert.rejects(
      undoRun({
        store,
        basePath,
        date,
        newRunId,
        toolVersion: '0',
        stage: stageUndo,
        stop: controller.signal,
        log: silentLogger,
      }),
      stopped,
      when,
    );
    assert.ok(controller.signal.aborted, when);
    assert.equal((await parquetNames(partition)).length, 1, when);
    assert.ok(!existsSync(join(basePath, '_consolidation', date, 'lock')), when);
    assert.ok(!existsSync(join(basePath, '_consolidation', date, newRunId)), when);
    if (when === 'before the lock') assert.equal(treeDigest(basePath), before);
  }
});

test('SIGTERM during undo: stopped with 143 and nothing undone, or undone to its end with 0', async (t) => {
  const basePath = await tempDirectory(t);
  const partition = await addPartition(basePath, date, 10);
  assert.equal((await runCli(['--date', date, '--base-path', basePath])).exit, 0);
  const started = startCli(['undo', date, '--base-path', basePath]);
  let isRunning = true;
  started.finished.finally(() => {
    isRunning = false;
  });
  while (isRunning && !existsSync(join(basePath, '_consolidation', date, 'lock'))) await pause(1);
  started.child.kill('SIGTERM');
  const run = await started.finished;
  if (run.exit === 143) {
    assert.match(run.stderr, /^SIGTERM: stopping at the next safe point.*\nerror: stopped by SIGTERM\n/);
    assert.equal((await parquetNames(partition)).length, 1);
  } else {
    assert.equal(run.exit, 0, run.stderr);
    assert.equal((await parquetNames(partition)).length, 210);
  }
  assert.equal((await runCli(['recover', '--base-path', basePath])).exit, 0);
  assert.ok([1, 210].includes((await parquetNames(partition)).length));
});
