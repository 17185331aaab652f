import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { silentLogger } from '../../src/core/log.ts';
import { compareNames } from '../../src/core/name-order.ts';
import {
  binBackupPath,
  dateDirectory,
  join,
  journalPath,
  makeRunId,
  maxNameBytes,
  mergedName,
  restorePath,
  runDirectory,
  undoneName,
} from '../../src/partition/names.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import { isOnHold } from '../../src/swap/hold.ts';
import { type FoldSwapJournal, type SwapReceipt, writeRecord } from '../../src/swap/journal.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { type UndoOutcome, undoRun } from '../../src/swap/undo.ts';
import {
  assertFoldRows,
  assertFoldTidy,
  consolidateByFold,
  endFoldProcess,
  type FoldFixture,
  fileText,
  makeFoldFixture,
  rowsOfPartition,
  stageUndoText,
  write,
} from '../support/fold-fixture.ts';
import { date, nextRunId } from '../support/swap-fixture.ts';

function undo(
  store: Store,
  fixture: FoldFixture,
  options: { readonly dryRun?: boolean; readonly runId?: string } = {},
): Promise<UndoOutcome> {
  const { basePath } = fixture;
  const request = { store, basePath, date, newRunId: nextRunId(), toolVersion: '0', log: silentLogger };
  return undoRun({ ...request, stage: stageUndoText(fixture), ...options });
}

/** A partition of two bins, merged. */
async function consolidated(): Promise<{ readonly fixture: FoldFixture; readonly receipt: SwapReceipt }> {
  const fixture = await makeFoldFixture();
  const receipt = await consolidateByFold(fixture.store, fixture);
  assert.ok(receipt !== undefined && receipt.added.length === 2);
  return { fixture, receipt };
}

async function dataNames({ store, partition }: FoldFixture): Promise<readonly string[]> {
  return ((await store.list(partition)) ?? []).map(({ name }) => name).filter((name) => /^a-/.test(name));
}

/** Backups of the run that lie where it left them. */
async function backupsOf({ store, basePath }: FoldFixture, runId: string): Promise<readonly string[]> {
  const entries = (await store.list(runDirectory(basePath, date, runId))) ?? [];
  return entries.map(({ name }) => name).filter((name) => name.startsWith('bin-'));
}

/** The store, with something done right after the first mutation that `matches`. */
function after(store: Store, matches: (what: string) => boolean, act: () => Promise<void>): Store {
  let isDone = false;
  const then = async <T>(what: string, work: Promise<T>): Promise<T> => {
    const result = await work;
    if (!isDone && matches(what)) {
      isDone = true;
      await act();
    }
    return result;
  };
  return {
    ...store,
    rename: (from, to) => then(`rename ${from} ${to}`, store.rename(from, to)),
    concat: (target, sources) => then(`concat ${target}`, store.concat(target, sources)),
    replaceFile: (from, to, id) => then(`replace ${from} ${to}`, store.replaceFile(from, to, id)),
  };
}

async function recover(fixture: FoldFixture): Promise<readonly string[]> {
  const { store, basePath } = fixture;
  return (await recoverDataset({ store, basePath, log: silentLogger })).map(({ action }) => action);
}

describe('undo of a run that folded', () => {
  it('folds each merged file into one of another name, and puts the backup in its place', async () => {
    const { fixture, receipt } = await consolidated();
    const { store, memory, partition, basePath } = fixture;
    const merged = receipt.added.map(({ name }) => name);
    const foreseen = await undo(store, fixture, { dryRun: true });
    assert.deepEqual(await dataNames(fixture), merged);
    const lengths: number[] = [];
    const watched = after(
      store,
      (what) => what.startsWith('concat'),
      async () => {
        const [folded] = ((await store.list(partition)) ?? []).filter(({ name }) =>
          name.includes('-undone.'),
        );
        const backup = await store.stat(binBackupPath(runDirectory(basePath, date, receipt.runId), 0));
        const taken = (await store.list(dateDirectory(basePath, date))) ?? [];
        lengths.push(folded?.sizeBytes ?? 0);
        assert.equal(
          backup,
          undefined,
          'what replaces the folded file lies with the undo before anything is folded',
        );
        assert.ok(taken.length > 1);
      },
    );
    const outcome = await undo(watched, fixture);
    const { runId, sentence: _, ...facts } = outcome;
    const { sentence: __, ...foreseenFacts } = foreseen;
    assert.deepEqual(foreseenFacts, facts);
    assert.deepEqual(facts.removedNames, merged);
    assert.deepEqual(facts.restoredNames, await dataNames(fixture));
    assert.deepEqual([facts.restoredFiles, facts.restoredInto], [6, 2]);
    const [first] = facts.restoredNames;
    const text = memory.textOf(join(partition, first ?? '')) ?? '';
    assert.ok(text.startsWith(fileText(['r0-0', 'r0-1'])), text);
    // A reader that cuts it by the length it has between the two steps, and reads it after them, covers all of it.
    assert.ok((lengths[0] ?? 0) >= text.length, `folded ${lengths[0]}, restored ${text.length} bytes`);
    await assertFoldRows(fixture, 'undone');
    await assertFoldTidy(fixture, 'undone');
    const hold = await isOnHold(store, basePath, date);
    assert.deepEqual([hold?.undoneRunId, hold?.runId], [receipt.runId, runId]);
    await assert.rejects(undo(store, fixture), { code: 'nothing-to-undo' });
    const again = await consolidateByFold(store, fixture);
    assert.deepEqual(
      again?.added.map(({ name }) => name.replace(/merged-[^.]*/, 'merged')),
      ['a-1.merged.parquet'],
    );
    await assertFoldRows(fixture, 'consolidated again');
  });

  it('refuses when one of the merged files has other rows by now, and touches none', async () => {
    const { fixture, receipt } = await consolidated();
    const { store, memory, partition } = fixture;
    const name = receipt.added[1]?.name ?? '';
    memory.append(join(partition, name), 'late\n');
    const before = await dataNames(fixture);
    await assert.rejects(undo(store, fixture), { code: 'not-the-newest-run', exitCode: 2 });
    assert.deepEqual(await dataNames(fixture), before);
    assert.deepEqual(await backupsOf(fixture, receipt.runId), ['bin-0.backup', 'bin-1.backup']);
  });

  it('refuses by the reason of the store, before anything is staged, where that would not fold', async () => {
    const { fixture } = await consolidated();
    const store: Store = {
      ...fixture.store,
      foldObstacles: async (_, files) =>
        files.map(({ path }) => ({
          path,
          rule: 'in-snapshot',
          reason: 'it is in a snapshot',
          stopsRename: false,
        })),
    };
    for (const dryRun of [true, false]) {
      await assert.rejects(undo(store, fixture, { dryRun }), {
        code: 'in-snapshot',
        exitCode: 12,
        dataState: 'nothing was touched',
      });
    }
    await assertFoldTidy(fixture, 'refused');
  });

  it('is taken back, backups and all, when a merged file changes before the first is folded', async () => {
    for (const moment of ['journal.json', 'restore-0.backup', '.tail', '-undone.parquet']) {
      const { fixture, receipt } = await consolidated();
      const { store, partition } = fixture;
      const [first] = receipt.added;
      const changing = after(
        store,
        (what) => what.startsWith('rename') && what.endsWith(moment),
        async () => {
          await store.deleteFile(join(partition, first?.name ?? ''));
          await write(store, join(partition, first?.name ?? ''), fileText(['r0-0', 'r0-1', 'r1-0', 'r1-1']));
        },
      );
      await assert.rejects(undo(changing, fixture), { code: 'partition-changed' }, moment);
      assert.deepEqual(
        await dataNames(fixture),
        receipt.added.map(({ name }) => name),
        moment,
      );
      assert.deepEqual(await backupsOf(fixture, receipt.runId), ['bin-0.backup', 'bin-1.backup'], moment);
      await assertFoldRows(fixture, moment);
      await assertFoldTidy(fixture, moment);
    }
  });

  it('leaves a merged file that changes once another is undone, says so, and keeps its backup', async () => {
    const { fixture, receipt } = await consolidated();
    const { store, partition, basePath } = fixture;
    const second = join(partition, receipt.added[1]?.name ?? '');
    const rows = [2, 3, 4, 5].flatMap((index) => [`r${index}-0`, `r${index}-1`]);
    const changing = after(
      store,
      (what) => what.startsWith('replace'),
      async () => {
        await store.deleteFile(second);
        await write(store, second, fileText(rows));
      },
    );
    await assert.rejects(undo(changing, fixture), (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error && 'exitCode' in error && 'hint' in error);
      assert.deepEqual([error.code, error.exitCode], ['partly-undone', 3]);
      assert.match(error.message, /a-3\.merged-\S+ is left as it is: .* was changed/);
      assert.match(String(error.hint), new RegExp(`${receipt.runId}/bin-<n>\\.backup`));
      return true;
    });
    await assertFoldRows(fixture, 'in the end');
    await assertFoldTidy(fixture, 'in the end');
    assert.deepEqual(await backupsOf(fixture, receipt.runId), ['bin-1.backup']);
    assert.notEqual(await isOnHold(store, basePath, date), undefined);
  });

  it('gives the backup back when somebody overwrites the partition between fold and replace', async () => {
    const { fixture, receipt } = await consolidated();
    const { store, memory, partition, basePath } = fixture;
    const overwriting = after(
      store,
      (what) => what.startsWith('concat'),
      async () => {
        for (const { path } of (await store.list(partition)) ?? []) await store.deleteFile(path);
        await write(store, join(partition, 'theirs.parquet'), fileText(['u1']));
      },
    );
    await assert.rejects(undo(overwriting, fixture), { code: 'foreign-state', exitCode: 14 });
    assert.deepEqual(await rowsOfPartition(fixture), ['u1']);
    assert.deepEqual(await backupsOf(fixture, receipt.runId), ['bin-0.backup', 'bin-1.backup']);
    const backup = binBackupPath(runDirectory(basePath, date, receipt.runId), 0);
    assert.match(memory.textOf(backup) ?? '', /^r0-0\n/);
    await assertFoldTidy(fixture, 'overwritten');
    // Told once.
    assert.deepEqual(await recover(fixture), ['nothing']);
  });

  it('of a holder that was taken over finds nothing to work on, whatever it still sends', async () => {
    for (const step of ['take', 'concat', 'replace'] as const) {
      const { fixture, receipt } = await consolidated();
      const { store } = fixture;
      const failures: string[] = [];
      const asleep = async (go: () => Promise<void>): Promise<void> => {
        if (failures.length === 0) {
          endFoldProcess(fixture);
          const wanted = step === 'replace' ? 'rolled-forward' : 'rolled-back';
          assert.deepEqual(await recover(fixture), [wanted], step);
        }
        try {
          await go();
        } catch (error) {
          failures.push(error instanceof Error && 'code' in error ? String(error.code) : String(error));
          throw error;
        }
      };
      const sleeping: Store = {
        ...store,
        rename: (from, to) => {
          const go = (): Promise<void> => store.rename(from, to);
          return step === 'take' && from.endsWith('bin-0.backup') ? asleep(go) : go();
        },
        concat: (target, sources) => {
          const go = (): Promise<void> => store.concat(target, sources);
          return step === 'concat' ? asleep(go) : go();
        },
        replaceFile: (from, to, id) => {
          const go = (): Promise<void> => store.replaceFile(from, to, id);
          return step === 'replace' ? asleep(go) : go();
        },
      };
      await assert.rejects(undo(sleeping, fixture), { code: 'lock-lost', exitCode: 11 }, step);
      assert.equal(failures[0], 'not-found', step);
      await assertFoldRows(fixture, step);
      await assertFoldTidy(fixture, step);
      const kept = await backupsOf(fixture, receipt.runId);
      assert.deepEqual(kept, step === 'replace' ? [] : ['bin-0.backup', 'bin-1.backup'], step);
    }
  });

  it('never deletes a backup that it cannot give back', async () => {
    const { fixture, receipt } = await consolidated();
    const { store, memory, basePath } = fixture;
    // It dies once it has taken a backup, and somebody deletes the directory of the run that was undone.
    const dying = after(
      store,
      (what) => what.endsWith('restore-0.backup'),
      () => Promise.reject(new Error('the process is dead')),
    );
    await assert.rejects(undo(dying, fixture), /dead/);
    endFoldProcess(fixture);
    await store.deleteDirectory(runDirectory(basePath, date, receipt.runId));
    const outcomes = await recoverDataset({ store, basePath, log: silentLogger });
    assert.deepEqual(
      outcomes.map(({ action, needsAttention }) => [action, needsAttention]),
      [['foreign', true]],
    );
    const path = /cannot give (\S+restore-0\.backup) back/.exec(outcomes[0]?.sentence ?? '')?.[1] ?? '';
    assert.match(memory.textOf(path) ?? '', /^r0-0\n/);
    assert.match(outcomes[0]?.hint ?? '', new RegExp(`move ${path}`));
    await assertFoldRows(fixture, 'nothing was replaced');
    // As the hint says.
    await store.rename(path, `${basePath}/kept-by-hand`);
    assert.deepEqual(await recover(fixture), ['rolled-back']);
    await assertFoldTidy(fixture, 'settled');
  });
});

describe('an undo of the earlier form, which renamed backups over the merged files', () => {
  /** A dead undo that had taken and put back so many of its backups. */
  async function died(
    taken: number,
    restored: number,
  ): Promise<{ fixture: FoldFixture; receipt: SwapReceipt }> {
    const { fixture, receipt } = await consolidated();
    const { store, partition, basePath } = fixture;
    const undone = runDirectory(basePath, date, receipt.runId);
    const runId = nextRunId();
    const own = runDirectory(basePath, date, runId);
    await store.makeDirectory(own, 0o700);
    assert.ok(receipt.way === 'fold');
    const files: FoldSwapJournal['restored'] = await Promise.all(
      receipt.bins.map(async ({ name, binIndex }) => {
        const current = await store.stat(join(partition, name));
        const backup = await store.stat(binBackupPath(undone, binIndex));
        assert.ok(current !== undefined && backup !== undefined);
        return { name, current: refOf(current), backup: refOf(backup) };
      }),
    );
    const journal: FoldSwapJournal = {
      way: 'fold',
      kind: 'undo',
      date,
      runId,
      toolVersion: '0',
      startedAtMs: await store.nowMs(),
      removed: files.map(({ current }) => current),
      sidecars: [],
      added: files.map(({ name, backup }) => ({ ...backup, name })),
      verification: [],
      bins: [],
      restored: files,
      undoneRunId: receipt.runId,
      keepBackup: false,
    };
    await writeRecord(store, journalPath(own), journal);
    for (let index = 0; index < taken; index++) {
      await store.rename(binBackupPath(undone, index), restorePath(own, index));
      if (index >= restored) continue;
      const file = files[index];
      await store.replaceFile(
        restorePath(own, index),
        join(partition, file?.name ?? ''),
        file?.current.fileId,
      );
    }
    return { fixture, receipt };
  }

  it('is taken back when it had put nothing back yet', async () => {
    for (const taken of [0, 1, 2]) {
      const { fixture, receipt } = await died(taken, 0);
      assert.deepEqual(await recover(fixture), ['rolled-back'], `${taken} taken`);
      assert.deepEqual(
        await dataNames(fixture),
        receipt.added.map(({ name }) => name),
      );
      assert.deepEqual(await backupsOf(fixture, receipt.runId), ['bin-0.backup', 'bin-1.backup']);
      await assertFoldRows(fixture, `${taken} taken`);
      await assertFoldTidy(fixture, `${taken} taken`);
      assert.equal((await undo(fixture.store, fixture)).restoredFiles, 6);
      await assertFoldRows(fixture, `${taken} taken, undone`);
    }
  });

  it('is finished when it had begun to', async () => {
    for (const [taken, restored] of [
      [1, 1],
      [2, 1],
      [2, 2],
    ] as const) {
      const { fixture, receipt } = await died(taken, restored);
      const when = `${taken} taken, ${restored} put back`;
      assert.deepEqual(await recover(fixture), ['rolled-forward'], when);
      await assertFoldRows(fixture, when);
      await assertFoldTidy(fixture, when);
      assert.deepEqual(await backupsOf(fixture, receipt.runId), []);
      assert.notEqual(await isOnHold(fixture.store, fixture.basePath, date), undefined, when);
    }
  });

  it('leaves what somebody changed meanwhile, and keeps the backup of that', async () => {
    const { fixture, receipt } = await died(1, 1);
    fixture.memory.append(join(fixture.partition, receipt.added[1]?.name ?? ''), '#8\n');
    assert.deepEqual(await recover(fixture), ['rolled-forward']);
    await assertFoldRows(fixture, 'in the end');
    assert.deepEqual(await backupsOf(fixture, receipt.runId), ['bin-1.backup']);
  });
});

test('the file of the originals comes right before the merged one in the order of names, and is told from it', () => {
  const runIds = fc.tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 2 ** 24 - 1 }));
  const stem = fc.string({ unit: 'grapheme', minLength: 2, maxLength: 300 });
  const extension = fc.constantFrom('', '.parquet', '.snappy.parquet', '.parq', '.', '.😀');
  fc.assert(
    fc.property(stem, extension, runIds, fc.nat(5), (name, end, [ms, random], bin) => {
      const plain = `a${name.replaceAll('/', '')}`;
      const merged = mergedName(plain + end, makeRunId(ms, random), bin);
      const undone = undoneName(merged);
      assert.ok(compareNames(undone, merged) < 0, `${undone} before ${merged}`);
      assert.ok(Buffer.byteLength(undone) <= maxNameBytes);
      assert.match(undone, /-undone(\.|$)/);
      assert.ok(undone.startsWith('a'));
      // The next merge of it has a name that does not grow.
      assert.equal(mergedName(undone, makeRunId(ms, random), bin).includes('-undone'), false);
    }),
  );
  const merged = mergedName('t-1.parquet', '20260102T000000Z-00000a', 0);
  assert.equal(undoneName(merged), 't-1.merged-20260102T000000Z-00000a-0-undone.parquet');
});
