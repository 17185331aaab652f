import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { binThreads } from '../../src/cli/threads/bin-threads.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { memorySource } from '../../src/core/byte-source.ts';
import { StoreError, SwapError } from '../../src/core/errors.ts';
import { exitCodes } from '../../src/core/exit-codes.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { consolidateDates } from '../../src/pipeline/consolidate-dates.ts';
import type { BeginBin, DatasetTask } from '../../src/pipeline/partition-task.ts';
import { workRoom } from '../../src/pipeline/work-room.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import { addPartition, parquetNames, settle, tempDirectory } from '../cli/dataset.ts';
import { type SmallFile, smallFiles } from '../support/hdfs-seed.ts';
import { type MemoryHdfs, memoryHdfs } from '../support/memory-hdfs.ts';
import { usualTask } from '../support/usual-task.ts';

const days = ['2025-08-13', '2025-08-14', '2025-08-15'];
const nowMs = Date.UTC(2026, 0, 2);

let files: readonly SmallFile[];
before(async () => {
  files = await smallFiles(8, { rowsPerFile: 50 });
});

async function task(
  store: Store,
  basePath: string,
  beginBin: BeginBin | undefined,
  given: Partial<DatasetTask> = {},
): Promise<DatasetTask> {
  const base = store.abilities.remote === true ? `hdfs://nn${basePath}` : basePath;
  return {
    store,
    basePath,
    settings: await loadSettings({ flags: { 'base-path': base }, env: {} }),
    ...usualTask(),
    today: '2026-01-02',
    beginBin,
    room: workRoom(),
    stop: new AbortController().signal,
    ...given,
  };
}

/** An HDFS in memory, whose calls cross a thread as they would cross a network. */
async function lake(): Promise<MemoryHdfs> {
  const memory = memoryHdfs();
  for (const day of days) {
    const partition = `/lake/date=${day}`;
    await memory.store.makeDirectory(partition, 0o755);
    for (const { name, bytes } of files) {
      const sink = await memory.store.create(`${partition}/${name}`);
      await sink.write(bytes);
      await sink.close();
      memory.setModifiedAt(`${partition}/${name}`, nowMs - 2 * 86_400_000);
    }
    memory.setModifiedAt(partition, nowMs - 2 * 86_400_000);
  }
  return { ...memory, store: { ...memory.store, abilities: { ...memory.store.abilities, remote: true } } };
}

/** The bytes of a merged file before its footer, which names the run. */
async function dataOf(bytes: Uint8Array): Promise<Uint8Array> {
  const { footerSizeBytes } = await readFooter(memorySource('merged', bytes));
  return bytes.subarray(0, bytes.length - footerSizeBytes - 8);
}

test('local files: threads write what one thread writes, in every partition', async (t) => {
  const written: Uint8Array[][] = [];
  for (const beginBin of [undefined, binThreads(2, {})]) {
    const basePath = await tempDirectory(t);
    for (const day of days) await addPartition(basePath, day);
    const steps = new Set<string>();
    const given = await task(localStore(), basePath, beginBin, {
      showProgress: ({ doing }) => steps.add(doing),
    });
    const results = await consolidateDates(given, days, { atOnce: 3 });
    assert.deepEqual(
      results.map(({ result, rowGroupsBefore, outputs }) => [
        result,
        rowGroupsBefore,
        outputs[0]?.rows,
        // How many depends on the time that there was for it.
        (outputs[0]?.verification?.sample?.rows ?? 0) > 0,
      ]),
      days.map(() => ['consolidated', 21, 10_280, true]),
    );
    assert.deepEqual([...steps].sort(), ['done', 'merging', 'planning', 'swapping', 'verifying']);
    const contents: Uint8Array[] = [];
    for (const day of days) {
      const partition = join(basePath, `date=${day}`);
      const [name = ''] = await parquetNames(partition);
      contents.push(await dataOf(await readFile(join(partition, name))));
    }
    written.push(contents);
  }
  assert.deepEqual(written[1], written[0]);
});

test('a remote store is asked by way of the first thread, and gets the same bytes', async () => {
  const written: Uint8Array[][] = [];
  for (const beginBin of [undefined, binThreads(2, {})]) {
    const { store } = await lake();
    const results = await consolidateDates(await task(store, '/lake', beginBin), days, { atOnce: 3 });
    assert.deepEqual(
      results.map(({ result, error }) => error?.message ?? result),
      days.map(() => 'consolidated'),
    );
    const contents: Uint8Array[] = [];
    for (const { partitionPath, outputs } of results) {
      const status = await store.stat(`${partitionPath}/${outputs[0]?.name}`);
      assert.ok(status);
      const source = await store.open(status.path, refOf(status));
      contents.push(await dataOf(await source.read(0, source.sizeBytes)));
    }
    written.push(contents);
  }
  assert.deepEqual(written[1], written[0]);
});

test('what fails in a thread, or in the store that it asks, is told as ever; the others are done', async (t) => {
  const basePath = await tempDirectory(t);
  for (const day of days) await addPartition(basePath, day);
  const damaged = join(basePath, 'date=2025-08-14');
  const path = join(damaged, (await parquetNames(damaged))[0] ?? '');
  const chunk = (await readFooter(memorySource(path, await readFile(path)))).rowGroups[0]?.chunks.at(-1);
  assert.ok(chunk);
  const bytes = await readFile(path);
  bytes.fill(255, chunk.startOffsetBytes, chunk.startOffsetBytes + chunk.compressedSizeBytes);
  await writeFile(path, bytes);
  await settle(damaged);
  const beginBin = binThreads(2, {});
  const results = await consolidateDates(await task(localStore(), basePath, beginBin), days, { atOnce: 3 });
  assert.deepEqual(
    results.map(({ result, error }) => [result, error?.exitCode]),
    [
      ['consolidated', undefined],
      ['failed', exitCodes.unsupportedInput],
      ['consolidated', undefined],
    ],
  );
  assert.ok(results[1]?.error?.message.includes(path), results[1]?.error?.message);
  assert.equal((await parquetNames(damaged)).length, 21);

  const { store } = await lake();
  const full: Store = {
    ...store,
    create: async (created, placement) => {
      const sink = await store.create(created, placement);
      if (!created.includes('2025-08-14') || !created.endsWith('bin-0.staged')) return sink;
      return {
        ...sink,
        write: async () => {
          throw new StoreError(`cannot write ${created}: no space`, {
            code: 'quota-exceeded',
            op: 'write',
            path: created,
            hint: 'make room',
          });
        },
      };
    },
  };
  const asked = await consolidateDates(await task(full, '/lake', beginBin), days, { atOnce: 3 });
  assert.deepEqual(
    asked.map(({ result, error }) => [result, error?.code, error?.exitCode, error?.hint]),
    [
      ['consolidated', undefined, undefined, undefined],
      ['failed', 'quota-exceeded', exitCodes.storeUnreachable, 'make room'],
      ['consolidated', undefined, undefined, undefined],
    ],
  );
});

test('a request to stop ends threads in the middle of their work, and nothing is left', async (t) => {
  const basePath = await tempDirectory(t);
  for (const day of days) await addPartition(basePath, day, 5);
  const stop = new AbortController();
  const given = await task(localStore(), basePath, binThreads(2, {}), {
    stop: stop.signal,
    showProgress: ({ doing, amount }) => {
      if (doing !== 'merging' || amount?.done === 0) return;
      stop.abort(
        new SwapError('stopped by SIGTERM', {
          code: 'stopped',
          exitCode: exitCodes.terminated,
          hint: 'again',
        }),
      );
    },
  });
  const results = await consolidateDates(given, days, { atOnce: 3 });
  assert.deepEqual(
    results.map(({ error }) => [error?.code, error?.dataState]),
    days.map(() => ['stopped', 'the partition is untouched']),
  );
  assert.deepEqual(readdirSync(join(basePath, '_consolidation')), []);
  for (const day of days) assert.equal((await parquetNames(join(basePath, `date=${day}`))).length, 105);
});

test('bytes that somebody else may look at are copied before they are given to a thread', async () => {
  const { storeAnswers } = await import('../../src/cli/threads/answer-store.ts');
  const { store } = await lake();
  const [entry] = (await store.list('/lake/date=2025-08-13')) ?? [];
  assert.ok(entry);
  const kept = new Uint8Array(4);
  for (const [givesAway, isSame] of [
    [true, true],
    [false, false],
  ] as const) {
    const source = { name: 'x', sizeBytes: 4, givesAway, read: async () => kept, close: async () => {} };
    const answers = storeAnswers({ ...store, open: async () => source });
    const read = {
      what: 'read',
      file: 1,
      path: entry.path,
      ref: refOf(entry),
      offsetBytes: 0,
      lengthBytes: 4,
    };
    const answer = await answers.answer({ ...read, what: 'read' });
    assert.ok('bytes' in answer);
    assert.equal(answer.bytes.buffer === kept.buffer, isSame);
    await answers.end();
  }
});

test('a file that is being created when the thread is ended is waited for, and given up', async () => {
  const { storeAnswers } = await import('../../src/cli/threads/answer-store.ts');
  const { store } = await lake();
  const done: string[] = [];
  let create = (): void => {};
  const slow: Store = {
    ...store,
    create: async (path) => {
      await new Promise<void>((resolve) => {
        create = resolve;
      });
      done.push('created');
      const sink = await store.create(path);
      return { ...sink, abort: async () => void done.push('aborted') };
    },
  };
  const answers = storeAnswers(slow);
  const created = answers.answer({ what: 'create', file: 1, path: '/lake/new', placement: undefined });
  const ended = answers.end().then(() => done.push('ended'));
  create();
  await Promise.all([created, ended]);
  assert.deepEqual(done, ['created', 'aborted', 'ended']);
});
