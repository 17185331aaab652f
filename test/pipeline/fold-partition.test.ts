import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { memorySink } from '../../src/core/byte-sink.ts';
import { StoreError } from '../../src/core/errors.ts';
import { silentLogger } from '../../src/core/log.ts';
import { foldKeyValues } from '../../src/parquet/fold/fold-key-values.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import { join, parseTailName, undoneName } from '../../src/partition/names.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import type { PartitionTask } from '../../src/pipeline/partition-task.ts';
import { type FoldStaging, stageFold } from '../../src/pipeline/stage-fold.ts';
import { stageUndo } from '../../src/pipeline/stage-undo.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { undoRun } from '../../src/swap/undo.ts';
import { type SmallFile, smallFiles } from '../support/hdfs-seed.ts';
import { type MemoryHdfs, memoryHdfs } from '../support/memory-hdfs.ts';
import { makeBin } from '../support/swap-fixture.ts';
import { usualTask } from '../support/usual-task.ts';

const basePath = '/lake/telemetry';
const date = '2025-08-15';
const partition = `${basePath}/date=${date}`;
const startMs = Date.UTC(2026, 0, 2);
const dayMs = 86_400_000;

let files: readonly SmallFile[];
before(async () => {
  files = await smallFiles(12, { rowsPerFile: 40 });
});

interface Lake extends MemoryHdfs {
  /** What a reader of all data files in name order gets: rows, and a digest of every column. */
  reading(): Promise<unknown>;
  names(): Promise<readonly string[]>;
}

async function makeLake(options: { readonly concatPathBytes?: number } = {}): Promise<Lake> {
  const memory = memoryHdfs(options);
  const { store } = memory;
  await store.makeDirectory(partition, 0o755);
  for (const file of files) await put(memory, file.name, file.bytes);
  memory.setModifiedAt(partition, startMs - 2 * dayMs);
  const names = async (): Promise<readonly string[]> =>
    ((await store.list(partition)) ?? []).map(({ name }) => name);
  return { ...memory, names, reading: () => readAll(store) };
}

async function put({ store, setModifiedAt }: MemoryHdfs, name: string, bytes: Uint8Array): Promise<void> {
  const sink = await store.create(join(partition, name));
  await sink.write(bytes);
  await sink.close();
  setModifiedAt(join(partition, name), startMs - 2 * dayMs);
}

async function readAll(store: Store, paths?: readonly string[]): Promise<unknown> {
  const chosen =
    paths ??
    ((await store.list(partition)) ?? []).filter(({ name }) => !/^[._]/.test(name)).map(({ path }) => path);
  const inputs = [];
  for (const path of chosen) {
    const status = await store.stat(path);
    assert.ok(status !== undefined, path);
    const source = await store.open(path, refOf(status));
    inputs.push({ source, footer: await readFooter(source) });
  }
  const { rows, columns } = await mergeFiles(inputs, memorySink('reading'), {
    rowGroupRows: 50_000,
    rowGroupBytes: 2 ** 27,
    useDictionary: true,
    keyValues: [],
    createdBy: 'a reader',
  });
  return { rows, columns };
}

async function consolidate(
  store: Store,
  changes: { readonly mode?: 'fold'; readonly backup?: boolean; readonly force?: boolean } = {},
): ReturnType<typeof consolidatePartition> {
  const flags = {
    'base-path': 'hdfs://memory:8020/lake/telemetry',
    'quiet-minutes': 0,
    mode: changes.mode ?? 'rewrite',
  };
  const env = { BACKUP_BEFORE_DELETE: String(changes.backup ?? true) };
  const task: PartitionTask = {
    store,
    basePath,
    settings: await loadSettings({ flags, env }),
    ...usualTask(),
    force: changes.force ?? false,
    date,
  };
  return await consolidatePartition(task);
}

/** The store with something done right before its nth CONCAT, or in its place. */
function atConcat(store: Store, number: number, work: (go: () => Promise<void>) => Promise<void>): Store {
  let count = 0;
  return {
    ...store,
    concat: (target, sources) => {
      const go = (): Promise<void> => store.concat(target, sources);
      return ++count === number ? work(go) : go();
    },
  };
}

const mergedPattern = /^.+\.merged-\d{8}T\d{6}Z-[0-9a-f]{6}-0\.parquet$/;

describe('a partition on a store that folds', () => {
  it('becomes one file of the same rows, with a backup that is a Parquet file, and comes back in one rename', async () => {
    const lake = await makeLake();
    const originals = await lake.reading();
    const result = await consolidate(lake.store);
    assert.equal(result.result, 'consolidated', result.reason);
    assert.equal(result.outputs.length, 1);
    const merged = await lake.names();
    assert.equal(merged.length, 1);
    assert.match(merged[0] ?? '', mergedPattern);
    assert.deepEqual(await lake.reading(), originals);
    const backup = `${result.backup?.path}/bin-0.backup`;
    assert.deepEqual(await readAll(lake.store, [backup]), originals);

    const undo = { store: lake.store, basePath, date, newRunId: '20260103T000000Z-000001', toolVersion: '0' };
    const outcome = await undoRun({ ...undo, stage: stageUndo, log: silentLogger });
    assert.equal(outcome.restoredFiles, files.length);
    assert.deepEqual(await lake.names(), merged.map(undoneName));
    assert.deepEqual([outcome.removedNames, outcome.restoredNames], [merged, merged.map(undoneName)]);
    assert.deepEqual(await lake.reading(), originals);
    assert.equal((await consolidate(lake.store)).rule, 'on-hold');
    const again = await consolidate(lake.store, { force: true });
    assert.equal(again.result, 'consolidated', again.reason);
    assert.deepEqual(await lake.reading(), originals);
    assert.equal((await consolidate(lake.store)).result, 'nothing');
  });

  const undoOf = (store: Store): ReturnType<typeof undoRun> =>
    undoRun({
      store,
      basePath,
      date,
      newRunId: '20260103T000000Z-000001',
      toolVersion: '0',
      stage: stageUndo,
      log: silentLogger,
    });

  it('that is undone reads right after each step, the folded file being as long as the one that replaces it', async () => {
    const lake = await makeLake();
    const originals = await lake.reading();
    await consolidate(lake.store);
    const steps: string[] = [];
    const lengths: number[] = [];
    const checked = async (step: string, work: Promise<void>): Promise<void> => {
      await work;
      steps.push(step);
      const undone = ((await lake.store.list(partition)) ?? []).find(({ name }) => name.includes('-undone.'));
      lengths.push(undone?.sizeBytes ?? 0);
      assert.deepEqual(await lake.reading(), originals, `after ${step}`);
    };
    const store: Store = {
      ...lake.store,
      rename: (from, to) => {
        const work = lake.store.rename(from, to);
        return from.includes('base.staged') ? checked('publish', work) : work;
      },
      concat: (target, sources) => checked('concat', lake.store.concat(target, sources)),
      replaceFile: (from, to, id) => checked('replace', lake.store.replaceFile(from, to, id)),
    };
    await undoOf(store);
    assert.deepEqual(steps, ['publish', 'concat', 'replace']);
    const [base = 0, folded = 0, restored = 0] = lengths;
    assert.ok(base < folded && folded >= restored, lengths.join(', '));
  });

  it('stays folded, with exit code 3, when the merged file grows at the very moment an undo folds it', async () => {
    const lake = await makeLake();
    const originals = await lake.reading();
    const { runId = '' } = await consolidate(lake.store);
    const store = atConcat(lake.store, 1, async (go) => {
      lake.append(join(partition, (await lake.names()).at(-1) ?? ''), 'something more');
      await go();
    });
    await assert.rejects(undoOf(store), { code: 'partly-undone', exitCode: 3 });
    assert.deepEqual(await lake.reading(), originals);
    assert.equal((await lake.names()).length, 1);
    const backup = `${basePath}/_consolidation/${date}/${runId}/bin-0.backup`;
    assert.deepEqual(await readAll(lake.store, [backup]), originals);
    const next = await consolidate(lake.store);
    assert.equal(next.result, 'consolidated', next.reason);
    assert.deepEqual(await lake.reading(), originals);
  });

  it('is undone by two renames where the store does not fold any more', async () => {
    const lake = await makeLake();
    const originals = await lake.reading();
    await consolidate(lake.store);
    const merged = await lake.names();
    const moving: Store = {
      ...lake.store,
      abilities: { fold: false, hardLink: false, moveAlong: true },
      concat: () => Promise.reject(new Error('a CONCAT')),
      replaceFile: () => Promise.reject(new Error('a RENAME with OVERWRITE')),
    };
    const outcome = await undoOf(moving);
    assert.deepEqual(await lake.names(), merged.map(undoneName));
    assert.deepEqual(outcome.restoredNames, merged.map(undoneName));
    assert.deepEqual(await lake.reading(), originals);
    assert.equal((await consolidate(lake.store)).rule, 'on-hold');
  });

  it('is folded without reading more than the ends of its files, and encoded anew by a later run', async () => {
    const lake = await makeLake();
    const originals = await lake.reading();
    const folded = await consolidate(lake.store, { mode: 'fold' });
    assert.equal(folded.result, 'consolidated', folded.reason);
    assert.equal(folded.backup, undefined);
    assert.equal((await lake.names()).length, 1);
    assert.deepEqual(await lake.reading(), originals);
    assert.equal((await consolidate(lake.store, { mode: 'fold' })).result, 'nothing');
    const merged = await consolidate(lake.store);
    assert.equal(merged.result, 'consolidated', merged.reason);
    assert.equal(merged.rowGroupsAfter, 1);
    assert.deepEqual(await lake.reading(), originals);
    assert.equal((await consolidate(lake.store)).result, 'nothing');
  });

  it('opens each small file once, for planning twice, merging and the backup together', async () => {
    const lake = await makeLake();
    const opened: string[] = [];
    const counting: Store = {
      ...lake.store,
      abilities: { ...lake.store.abilities, remote: true },
      open: (path, expected) => {
        if (path.startsWith(`${partition}/`)) opened.push(path);
        return lake.store.open(path, expected);
      },
    };
    const originals = await lake.reading();
    assert.equal((await consolidate(counting)).result, 'consolidated');
    assert.deepEqual(opened.toSorted(), files.map(({ name }) => join(partition, name)).toSorted());
    assert.deepEqual(await lake.reading(), originals);
  });

  it('is folded by several CONCATs where one cannot name all files, and reads right after each', async () => {
    const lake = await makeLake({ concatPathBytes: 500 });
    const originals = await lake.reading();
    let concats = 0;
    const checked: Store = {
      ...lake.store,
      concat: async (target, sources) => {
        assert.deepEqual(await lake.reading(), originals, `before CONCAT ${concats + 1}`);
        await lake.store.concat(target, sources);
        concats++;
        assert.deepEqual(await lake.reading(), originals, `after CONCAT ${concats}`);
      },
    };
    assert.equal((await consolidate(checked)).result, 'consolidated');
    assert.ok(concats > 2, `${concats} CONCATs`);
    assert.deepEqual(await lake.reading(), originals);
  });

  it('is folded into a file of at least the length that is asked for, and reads as without padding', async () => {
    const lake = await makeLake();
    const { store } = lake;
    const originals = await lake.reading();
    const runDirectory = `${basePath}/run`;
    await store.makeDirectory(runDirectory, 0o700);
    const statuses = (await store.list(partition)) ?? [];
    const inputs = await Promise.all(
      statuses.map(async (status) => {
        const source = await store.open(status.path, refOf(status));
        return { source, footer: await readFooter(source) };
      }),
    );
    const runId = '20260102T000000Z-0d204c';
    const making = { runId, inputSizeBytes: 1 };
    const footers = inputs.map(({ footer }) => footer);
    const staging: FoldStaging = {
      store,
      partitionPath: partition,
      runId,
      runDirectory,
      bin: makeBin(statuses, 0),
      inputs,
      createdBy: 'a test',
      keyValues: foldKeyValues(footers, making, []),
    };
    const minSizeBytes = 3_000_000;
    const { base, tails } = await stageFold(staging, minSizeBytes);
    const target = join(partition, 'a-folded.parquet');
    const tail = join(partition, '.tail');
    await store.rename(base.path, target);
    await store.rename(tails[0]?.part.path ?? '', tail);
    await store.concat(target, [...statuses.map(({ path }) => path), tail]);
    assert.ok(((await store.stat(target))?.sizeBytes ?? 0) >= minSizeBytes);
    assert.deepEqual(await lake.reading(), originals);
  });

  it('keeps no backup when none is wanted', async () => {
    const lake = await makeLake();
    const result = await consolidate(lake.store, { backup: false });
    assert.equal(result.backup, undefined);
    const left = (await lake.store.list(`${basePath}/_consolidation/${date}/${result.runId}`)) ?? [];
    assert.deepEqual(
      left.map(({ name }) => name),
      ['receipt.json'],
    );
  });

  it('stays as it is when a file changes right before the CONCAT', async () => {
    const lake = await makeLake();
    const victim = files[3]?.name ?? '';
    // In the moment after the base was published, of which the last look before the CONCAT learns.
    const store: Store = {
      ...lake.store,
      rename: async (from, to) => {
        await lake.store.rename(from, to);
        if (to.includes('.merged-')) lake.setModifiedAt(join(partition, victim), startMs);
      },
    };
    const originals = await lake.reading();
    const result = await consolidate(store);
    assert.equal(result.error?.code, 'partition-changed', result.reason);
    assert.match(result.error?.dataState ?? '', /originals are untouched/);
    assert.deepEqual(await lake.names(), files.map(({ name }) => name).toSorted());
    assert.deepEqual(await lake.reading(), originals);
    assert.deepEqual(await lake.store.list(`${basePath}/_consolidation`), []);
    assert.equal((await consolidate(lake.store)).result, 'consolidated');
  });

  it('ends folded, with exit code 3, when a file changes between two CONCATs; the next run merges all', async () => {
    const lake = await makeLake({ concatPathBytes: 500 });
    const victim = files.at(-1);
    const store = atConcat(lake.store, 2, async (go) => {
      await go();
      lake.setModifiedAt(join(partition, victim?.name ?? ''), startMs);
    });
    const originals = await lake.reading();
    const result = await consolidate(store);
    assert.equal(result.error?.code, 'stopped-folded', result.reason);
    assert.equal(result.error?.exitCode, 3);
    assert.ok((await lake.names()).includes(victim?.name ?? ''));
    assert.deepEqual(await lake.reading(), originals);
    const next = await consolidate(lake.store);
    assert.equal(next.result, 'consolidated', next.reason);
    assert.equal((await lake.names()).length, 1);
    assert.deepEqual(await lake.reading(), originals);
  });

  it('is mended when a file grows at the very moment it is folded', async () => {
    for (const number of [0, 5, 11]) {
      const lake = await makeLake();
      const originals = await lake.reading();
      const store = atConcat(lake.store, 1, async (go) => {
        lake.append(join(partition, files[number]?.name ?? ''), 'something more');
        await go();
      });
      const result = await consolidate(store);
      assert.equal(result.error?.code, 'stopped-folded', result.reason);
      assert.match(result.reason, /changed at the moment it was folded/);
      assert.deepEqual(await lake.reading(), originals, `file ${number}`);
      const next = await consolidate(lake.store);
      assert.equal(next.result, 'consolidated', next.reason);
      assert.deepEqual(await lake.reading(), originals);
    }
  });

  it('has the rows of an input that is replaced at the very moment it is folded, and those of the others', async () => {
    for (const number of [0, 5, 11]) {
      for (const rowsPerFile of [3, 90]) {
        const lake = await makeLake();
        const [other] = await smallFiles(1, { rowsPerFile, first: 100 });
        const name = files[number]?.name ?? '';
        let expected: unknown;
        const store = atConcat(lake.store, 1, async (go) => {
          await lake.store.deleteFile(join(partition, name));
          await put(lake, name, other?.bytes ?? new Uint8Array());
          expected = await lake.reading();
          await go();
        });
        const result = await consolidate(store);
        assert.equal(result.error?.code, 'stopped-folded', result.reason);
        assert.deepEqual(await lake.reading(), expected, `file ${number}, ${rowsPerFile} rows`);
        assert.equal((await consolidate(lake.store)).result, 'consolidated');
        assert.deepEqual(await lake.reading(), expected);
      }
    }
  });

  it('stays as it is without a file that is removed in the middle', async () => {
    for (const moment of ['journal', 'base', 'CONCAT'] as const) {
      const lake = await makeLake();
      const victim = join(partition, files[4]?.name ?? '');
      const store: Store = {
        ...lake.store,
        rename: async (from, to) => {
          if (moment === 'journal' && to.endsWith('journal.json')) await lake.store.deleteFile(victim);
          await lake.store.rename(from, to);
          if (moment === 'base' && to.includes('.merged-')) await lake.store.deleteFile(victim);
        },
        concat: async (target, sources) => {
          if (moment === 'CONCAT') await lake.store.deleteFile(victim);
          await lake.store.concat(target, sources);
        },
      };
      const result = await consolidate(store);
      assert.equal(result.error?.code, 'partition-changed', `${moment}: ${result.reason}`);
      assert.equal((await lake.names()).length, files.length - 1, moment);
      assert.deepEqual(await lake.store.list(`${basePath}/_consolidation`), [], moment);
      const rest = await lake.reading();
      assert.equal((await consolidate(lake.store)).result, 'consolidated');
      assert.deepEqual(await lake.reading(), rest);
    }
  });

  it('is taken back as such when the process dies in taking it back, an input being gone', async () => {
    const lake = await makeLake();
    const victim = join(partition, files[4]?.name ?? '');
    let isDead = false;
    const store: Store = {
      ...lake.store,
      rename: async (from, to) => {
        isDead ||= from.endsWith('/journal.json');
        if (isDead) throw new Error('the process is dead');
        await lake.store.rename(from, to);
        if (to.includes('.merged-')) await lake.store.deleteFile(victim);
      },
      stat: async (path) =>
        isDead ? Promise.reject(new Error('the process is dead')) : lake.store.stat(path),
    };
    await consolidate(store);
    assert.ok(isDead);
    lake.setModifiedAt(`${basePath}/_consolidation/${date}/lock/owner.json`, 0);
    const outcomes = await recoverDataset({ store: lake.store, basePath, log: silentLogger });
    assert.deepEqual(
      outcomes.map(({ action }) => action),
      ['rolled-back'],
    );
    assert.equal((await lake.names()).length, files.length - 1);
    assert.deepEqual(await lake.store.list(`${basePath}/_consolidation`), []);
  });

  it('that somebody overwrites between fold and replace stays as they made it, with exit code 14', async () => {
    const lake = await makeLake();
    const originals = await lake.reading();
    const store = atConcat(lake.store, 1, async (go) => {
      await go();
      for (const name of await lake.names()) await lake.store.deleteFile(join(partition, name));
      await put(lake, 'theirs.parquet', files[0]?.bytes ?? new Uint8Array());
    });
    const result = await consolidate(store);
    assert.equal(result.error?.code, 'foreign-state', result.reason);
    assert.equal(result.error?.exitCode, 14);
    assert.deepEqual(await lake.names(), ['theirs.parquet']);
    const backup = `${basePath}/_consolidation/${date}/${result.runId}/bin-0.backup`;
    assert.deepEqual(await readAll(lake.store, [backup]), originals);
    // Told once: what they made is right as it is.
    assert.equal((await consolidate(lake.store)).result, 'nothing');
  });

  it('stays as it is when the store refuses the first CONCAT', async () => {
    const lake = await makeLake();
    const originals = await lake.reading();
    const store = atConcat(lake.store, 1, async () => {
      throw refused();
    });
    const result = await consolidate(store);
    assert.equal(result.error?.code, 'concat-refused', result.reason);
    assert.equal(result.error?.exitCode, 10);
    assert.match(result.error?.dataState ?? '', /originals are untouched/);
    assert.deepEqual(await lake.names(), files.map(({ name }) => name).toSorted());
    assert.deepEqual(await lake.reading(), originals);
  });

  it('ends folded when the store refuses a later CONCAT', async () => {
    const lake = await makeLake({ concatPathBytes: 500 });
    const originals = await lake.reading();
    const store = atConcat(lake.store, 2, async () => {
      throw refused();
    });
    const result = await consolidate(store);
    assert.equal(result.error?.code, 'stopped-folded', result.reason);
    assert.match(result.reason, /is in a snapshot/);
    assert.deepEqual(await lake.reading(), originals);
    assert.ok((await lake.names()).every((name) => parseTailName(name) === undefined));
    const next = await consolidate(lake.store);
    assert.equal(next.result, 'consolidated', next.reason);
    assert.deepEqual(await lake.reading(), originals);
  });

  it('of a holder that was taken over: its CONCAT, its RENAME and all else find nothing to work on', async () => {
    for (const sleep of ['before the CONCAT', 'before the RENAME'] as const) {
      const lake = await makeLake();
      const originals = await lake.reading();
      const takeOver = async (): Promise<void> => {
        lake.setModifiedAt(`${basePath}/_consolidation/${date}/lock/owner.json`, 0);
        const [outcome] = await recoverDataset({ store: lake.store, basePath, log: silentLogger });
        assert.equal(outcome?.action, sleep === 'before the CONCAT' ? 'rolled-back' : 'rolled-forward');
        assert.deepEqual(await lake.reading(), originals);
      };
      const failures: unknown[] = [];
      const watched = async (go: () => Promise<void>): Promise<void> => {
        await takeOver();
        try {
          await go();
        } catch (error) {
          failures.push(error);
          throw error;
        }
      };
      const store: Store = {
        ...lake.store,
        concat: (target, sources) => {
          const go = (): Promise<void> => lake.store.concat(target, sources);
          return sleep === 'before the CONCAT' ? watched(go) : go();
        },
        replaceFile: (from, to, replacedId) => {
          const go = (): Promise<void> => lake.store.replaceFile(from, to, replacedId);
          return sleep === 'before the RENAME' ? watched(go) : go();
        },
      };
      const result = await consolidate(store);
      assert.equal(failures.length, 1, sleep);
      assert.ok(failures[0] instanceof StoreError && failures[0].code === 'not-found', String(failures[0]));
      assert.equal(result.error?.code, 'lock-lost', result.reason);
      assert.deepEqual(await lake.reading(), originals, sleep);
    }
  });
});

function refused(): StoreError {
  return new StoreError('cannot concat: a file is in a snapshot', {
    code: 'concat-refused',
    op: 'concat',
    path: partition,
  });
}
