import assert from 'node:assert/strict';
import {
  appendFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ConsolidatorError, StoreError, SwapError } from '../../src/core/errors.ts';
import { type Logger, silentLogger } from '../../src/core/log.ts';
import { mergedName } from '../../src/partition/names.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { faultStore } from '../support/fault-store.ts';
import {
  assertPartition,
  assertTidy,
  type ConsolidateOptions,
  consolidate,
  endProcess,
  type Fixture,
  globParquet,
  makeFixture,
  originalsAreBack,
  quickStore,
  rowsOf,
} from '../support/swap-fixture.ts';

const store = quickStore();

async function inFixture(work: (fixture: Fixture) => Promise<void>): Promise<void> {
  const fixture = makeFixture();
  try {
    await work(fixture);
  } finally {
    fixture.remove();
  }
}

/** Consolidates and does `intrude` once, right after the first mutation that matches. */
async function withIntruder(
  fixture: Fixture,
  after: RegExp,
  intrude: () => void,
  options: ConsolidateOptions = {},
) {
  let done = false;
  const watched = faultStore(quickStore(), {
    afterMutation: (what) => {
      if (done || !after.test(what)) return;
      done = true;
      intrude();
    },
  });
  try {
    return await consolidate(watched, fixture, options);
  } finally {
    assert.ok(done, `no mutation matched ${after}:\n${watched.trail.join('\n')}`);
  }
}

const journalWritten = /^rename .*journal\.json\.staged .*journal\.json$/;
const lastUnveiled = /^setAttributes .*\/new$/;
const movedAway = /^rename .*date=2025-08-15 .*\/old$/;
const placed = /^rename .*\/new .*date=2025-08-15$/;
const receiptWritten = /^rename .*receipt\.json$/;

async function refusesTo(work: Promise<unknown>, code: string, exitCode: number): Promise<ConsolidatorError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ConsolidatorError, String(error));
    assert.deepEqual([error.code, error.exitCode], [code, exitCode], error.message);
    assert.equal(error.dataState, 'the originals are untouched', error.message);
    return error;
  }
  return assert.fail(`expected ${code}`);
}

describe('swap', () => {
  it('replaces the inputs of all bins at once and leaves the rest alone', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      assertPartition(fixture, 'after the swap');
      assertTidy(fixture, 'after the swap');
      assert.ok(receipt !== undefined);
      const names = [0, 1].map((bin) => mergedName(`a-${bin === 0 ? 1 : 3}.parquet`, receipt.runId, bin));
      assert.deepEqual(readdirSync(fixture.partition).sort(), [...names, ...fixture.unplanned.keys()].sort());
      // No name of an input leads to a merged file: a reader with an old listing must fail, not read rows twice.
      for (const name of fixture.inputs.keys()) assert.ok(!names.includes(name));
      assert.deepEqual(
        [receipt.outcome, receipt.backup, receipt.broughtAlong, receipt.warnings],
        ['done', 'kept', [], []],
      );
      assert.deepEqual(
        receipt.sidecars.map((file) => file.name),
        ['.a-1.parquet.crc', '_metadata'],
      );
      for (const added of receipt.added) {
        const found = await store.stat(join(fixture.partition, added.name));
        assert.deepEqual([found?.fileId, found?.mode], [added.fileId, 0o640]);
      }
      assert.equal(await consolidate(store, fixture), undefined);
    }));

  it('keeps every input as a backup, byte for byte, under names no glob finds', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture);
      const old = join(fixture.dateDirectory, receipt?.runId ?? '', 'old');
      for (const [name, content] of fixture.inputs) {
        assert.equal(readFileSync(join(old, `${name}.backup`), 'utf8'), content);
      }
      assert.deepEqual(globParquet(fixture.workspace), []);
    }));

  it('without a backup keeps the receipt alone', () =>
    inFixture(async (fixture) => {
      const receipt = await consolidate(store, fixture, { keepBackup: false });
      assert.equal(receipt?.backup, 'none');
      assert.deepEqual(readdirSync(join(fixture.dateDirectory, receipt?.runId ?? '')), ['receipt.json']);
      assertPartition(fixture, 'after the swap');
    }));

  it('gives the new directory and files the owner, group and mode of the old ones', () =>
    inFixture(async (fixture) => {
      if (process.getuid?.() === 0) {
        const found = await store.stat(fixture.partition);
        assert.ok(found !== undefined);
        await store.setAttributes(fixture.partition, { ...found, owner: '4711', group: '4712', mode: 0o775 });
        for (const name of fixture.inputs.keys()) {
          const path = join(fixture.partition, name);
          const status = await store.stat(path);
          assert.ok(status !== undefined);
          await store.setAttributes(path, { ...status, owner: '4713', group: '4714' });
          utimesSync(path, status.modifiedAtMs / 1000, status.modifiedAtMs / 1000);
        }
      }
      const before = statSync(fixture.partition);
      const input = statSync(join(fixture.partition, 'a-1.parquet'));
      const receipt = await consolidate(store, fixture);
      const after = statSync(fixture.partition);
      assert.deepEqual([after.uid, after.gid, after.mode], [before.uid, before.gid, before.mode]);
      assert.notEqual(after.ino, before.ino);
      const merged = statSync(join(fixture.partition, receipt?.added[0]?.name ?? ''));
      assert.deepEqual([merged.uid, merged.gid, merged.mode], [input.uid, input.gid, input.mode]);
    }));
});

describe('a reader that began to list before the swap', () => {
  it('still finds the names that were there a while after it, and then fails to open the inputs', () =>
    inFixture(async (fixture) => {
      const names: string[] = [];
      const opened = opendirSync(fixture.partition);
      const watched = faultStore(localStore(), {
        afterMutation: (what) => {
          if (!placed.test(what)) return;
          setTimeout(() => {
            for (let entry = opened.readSync(); entry !== null; entry = opened.readSync())
              names.push(entry.name);
            opened.closeSync();
          }, 100);
        },
      });
      await consolidate(watched, fixture);
      for (const name of fixture.inputs.keys()) {
        assert.ok(names.includes(name), `${name} in ${names.join(', ')}`);
        assert.throws(() => readFileSync(join(fixture.partition, name)), { code: 'ENOENT' });
      }
      assert.ok(!names.some((name) => name.includes('.merged-')));
      assertTidy(fixture, 'after the swap');
    }));
});

describe('swap refuses, with the originals untouched', () => {
  const cases: readonly (readonly [string, string, number, (fixture: Fixture) => void, RegExp])[] = [
    [
      'a sub-directory',
      'partition-not-flat',
      12,
      (f) => mkdirSync(join(f.partition, '_temporary')),
      /_temporary \(a directory\)/,
    ],
    [
      'a link',
      'partition-not-flat',
      12,
      (f) => symlinkSync('big.parquet', join(f.partition, 'l')),
      /l \(a link/,
    ],
    [
      'a name without room for a suffix',
      'name-too-long',
      12,
      (f) => writeFileSync(join(f.partition, 'n'.repeat(250)), ''),
      /250 bytes/,
    ],
    [
      'an input that grew',
      'partition-changed',
      10,
      (f) => appendFileSync(join(f.partition, 'a-3.parquet'), 'x\n'),
      /a-3\.parquet was changed \(expected 10 bytes, found 12 bytes/,
    ],
    [
      'an input that was touched',
      'partition-changed',
      10,
      (f) => utimesSync(join(f.partition, 'a-3.parquet'), 5, 5),
      /a-3\.parquet was changed/,
    ],
    [
      'an input that is gone',
      'partition-changed',
      10,
      (f) => rmSync(join(f.partition, 'a-3.parquet')),
      /a-3\.parquet is gone/,
    ],
    [
      'an input that was replaced by its like',
      'partition-changed',
      10,
      (f) => {
        const path = join(f.partition, 'a-3.parquet');
        const { mtime } = statSync(path);
        writeFileSync(`${path}.tmp`, readFileSync(path));
        utimesSync(`${path}.tmp`, mtime, mtime);
        renameSync(`${path}.tmp`, path);
      },
      /another file has its name now/,
    ],
    [
      'a partition that is gone',
      'partition-absent',
      10,
      (f) => rmSync(f.partition, { recursive: true }),
      /is not there/,
    ],
  ];
  for (const [what, code, exitCode, change, message] of cases) {
    it(`${what} that came before the swap`, () =>
      inFixture(async (fixture) => {
        const work = consolidate(store, fixture, { beforeSwap: () => change(fixture) });
        const error = await refusesTo(work, code, exitCode);
        assert.match(error.message, message);
        assert.ok(error.message.includes(fixture.partition) && error.hint !== undefined);
        assert.deepEqual(readdirSync(fixture.workspace), []);
        if (what !== 'a partition that is gone' && what !== 'an input that is gone') {
          assert.ok(what === 'an input that grew' || what.includes('touched') || originalsAreBack(fixture));
        }
      }));
  }

  it('a staged file that is not the one that was verified', () =>
    inFixture(async (fixture) => {
      const work = consolidate(store, fixture, {
        beforeSwap: () => {
          const run = readdirSync(fixture.dateDirectory).find((name) => name !== 'lock') ?? '';
          appendFileSync(join(fixture.dateDirectory, run, 'bin-1.staged'), 'x');
        },
      });
      await refusesTo(work, 'staged-file-changed', 10);
      assert.ok(originalsAreBack(fixture));
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('when group or mode cannot be reproduced, unless that is allowed; an owner alone only warns', () =>
    inFixture(async (fixture) => {
      const warnings: string[] = [];
      const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
      const refusing = (
        refused: (attributes: { owner: string; group: string; mode: number }) => boolean,
      ): Store => ({
        ...store,
        setAttributes: async (path, attributes) => {
          if (path.includes('bin-') && refused(attributes)) {
            throw new StoreError(`cannot set attributes of ${path}: EPERM`, {
              code: 'permission-denied',
              op: 'set-attributes',
              path,
            });
          }
          await store.setAttributes(path, attributes);
        },
      });
      const strict = refusing(({ mode }) => mode === 0o640);
      const error = await refusesTo(consolidate(strict, fixture), 'attributes-not-reproducible', 10);
      assert.match(error.hint ?? '', /--allow-attribute-change/);
      assert.ok(originalsAreBack(fixture));
      assert.deepEqual(readdirSync(fixture.workspace), []);
      await consolidate(strict, fixture, { allowAttributeChange: true, log });
      assertPartition(fixture, 'with other attributes');
      assert.match(warnings.join('\n'), /allowed by setting/);
    }));
});

describe('a swap that cannot be settled', () => {
  for (const [when, after, state, action] of [
    [
      'after the first rename',
      movedAway,
      /the original files are all in .*\/old; the partition is absent/,
      'rolled-forward',
    ],
    ['after the second rename', placed, /the partition is replaced and complete/, 'rolled-forward'],
    ['before the first rename', journalWritten, /the originals are untouched/, 'rolled-back'],
  ] as const) {
    it(`${when}, because the disk went read-only: exit code 14, where the rows are, and recover goes on`, () =>
      inFixture(async (fixture) => {
        let broken = false;
        const watched = faultStore(quickStore(), {
          afterMutation: (what) => {
            broken ||= after.test(what);
          },
        });
        const refuse = (path: string): Promise<never> =>
          Promise.reject(
            new StoreError(`cannot change ${path}: EROFS`, {
              code: 'read-only',
              op: 'rename',
              path,
              status: 'EROFS',
              hint: 'mount it read-write',
            }),
          );
        const failing: Store = {
          ...watched,
          rename: (from, to) => (broken ? refuse(from) : watched.rename(from, to)),
          deleteFile: (path) => (broken ? refuse(path) : watched.deleteFile(path)),
          deleteDirectory: (path) => (broken ? refuse(path) : watched.deleteDirectory(path)),
          create: (path) => (broken ? refuse(path) : watched.create(path)),
        };
        await assert.rejects(consolidate(failing, fixture), (error: unknown) => {
          assert.ok(error instanceof SwapError, String(error));
          assert.deepEqual([error.code, error.exitCode], ['swap-interrupted', 14]);
          assert.match(error.dataState ?? '', state);
          assert.match(error.hint ?? '', /mount it read-write.*recover --date 2025-08-15/);
          return true;
        });
        endProcess(fixture);
        const outcomes = await recoverDataset({ store, basePath: fixture.basePath, log: silentLogger });
        assert.deepEqual(
          outcomes.map((outcome) => outcome.action),
          [action],
        );
        assertPartition(fixture, when);
        assertTidy(fixture, when);
      }));
  }
});

describe('a writer at work during the swap', () => {
  const write = (path: string, rows: string): void => writeFileSync(path, rows);
  const withRows = (fixture: Fixture, ...more: string[]): string[] => [...fixture.rows, ...more].sort();

  for (const [when, after] of [
    ['after the journal', journalWritten],
    ['right before the first rename', lastUnveiled],
    ['right after the second rename', placed],
  ] as const) {
    it(`a new file ${when} is there afterwards, once`, () =>
      inFixture(async (fixture) => {
        const path = join(fixture.partition, 'new.parquet');
        let inode = 0;
        await withIntruder(fixture, after, () => {
          write(path, 'n1\n');
          inode = statSync(path).ino;
        });
        assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'n1'));
        assert.equal(statSync(path).ino, inode);
        assertTidy(fixture, when);
      }));
  }

  it('a file written through a directory kept open (it ends up in old/) is brought along', () =>
    inFixture(async (bystander) => {
      for (const after of [movedAway, placed, /^rename .*\/old\/a-3\.parquet /]) {
        const other = makeFixture();
        try {
          const inOld = () => join(other.dateDirectory, readdirSync(other.dateDirectory)[0] ?? '', 'old');
          await withIntruder(other, after, () => write(join(inOld(), 'stray.parquet'), 's1\n'));
          assert.deepEqual(rowsOf(other.partition), withRows(other, 's1'), String(after));
          assertTidy(other, String(after));
        } finally {
          other.remove();
        }
      }
      assertPartition(bystander, 'that nobody touched');
    }));

  it('an input that changes at any moment before the first rename rolls the swap back', () =>
    inFixture(async (fixture) => {
      const work = withIntruder(fixture, lastUnveiled, () =>
        appendFileSync(join(fixture.partition, 'a-1.parquet'), 'more\n'),
      );
      await refusesTo(work, 'partition-changed', 10);
      assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'more'));
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('an input that changes at the first rename rolls the swap back', () =>
    inFixture(async (fixture) => {
      const before = statSync(fixture.partition).ino;
      const work = withIntruder(fixture, movedAway, () => {
        const run = readdirSync(fixture.dateDirectory)[0] ?? '';
        appendFileSync(join(fixture.dateDirectory, run, 'old', 'a-1.parquet'), 'more\n');
      });
      await refusesTo(work, 'partition-changed', 10);
      assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'more'));
      assert.equal(statSync(fixture.partition).ino, before);
      assert.deepEqual(readdirSync(fixture.workspace), []);
      await consolidate(store, fixture);
      assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'more'));
    }));

  it('an input that is written to after the swap is never deleted, and somebody is told', () =>
    inFixture(async (fixture) => {
      const errors: string[] = [];
      const log: Logger = { ...silentLogger, error: (message) => void errors.push(message) };
      const receipt = await withIntruder(
        fixture,
        placed,
        () => {
          const run = readdirSync(fixture.dateDirectory)[0] ?? '';
          appendFileSync(join(fixture.dateDirectory, run, 'old', 'a-1.parquet'), 'more\n');
        },
        { keepBackup: false, log },
      );
      assert.equal(receipt?.backup, 'kept');
      assert.match(errors.join('\n'), /a-1\.parquet\.backup was written to after it was merged/);
      assert.deepEqual(receipt?.warnings, errors);
      assert.match(
        readFileSync(join(fixture.dateDirectory, receipt?.runId ?? '', 'old', 'a-1.parquet.backup'), 'utf8'),
        /more/,
      );
    }));

  it('a carried file may grow, and its growth is not lost', () =>
    inFixture(async (bystander) => {
      for (const after of [journalWritten, placed, receiptWritten]) {
        const other = makeFixture();
        try {
          const open = join(other.basePath, 'elsewhere');
          linkSync(join(other.partition, 'big.parquet'), open);
          await withIntruder(other, after, () => appendFileSync(open, 'g1\n'));
          assert.deepEqual(rowsOf(other.partition), withRows(other, 'g1'));
          assertTidy(other, String(after));
        } finally {
          other.remove();
        }
      }
      assertPartition(bystander, 'that nobody touched');
    }));

  it('a carried file that is replaced or removed stops the swap', () =>
    inFixture(async (fixture) => {
      const work = withIntruder(fixture, journalWritten, () =>
        unlinkSync(join(fixture.partition, '_SUCCESS')),
      );
      const error = await refusesTo(work, 'partition-changed', 10);
      assert.match(error.message, /_SUCCESS is gone/);
      assert.ok(originalsAreBack(fixture));
      assert.deepEqual(readdirSync(fixture.workspace), []);
    }));

  it('a stray that gets its final name in the middle does not show twice', () =>
    inFixture(async (fixture) => {
      let inode = 0;
      const first = join(fixture.partition, 'part-1.parquet');
      const watched = faultStore(quickStore(), {
        afterMutation: (what) => {
          if (lastUnveiled.test(what)) {
            write(first, 'p1\n');
            inode = statSync(first).ino;
          }
          if (/^hardLink .*part-1\.parquet /.test(what))
            renameSync(first, join(fixture.partition, 'part-2.parquet'));
        },
      });
      await consolidate(watched, fixture);
      assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'p1'));
      assert.equal(statSync(join(fixture.partition, 'part-2.parquet')).ino, inode);
      assertTidy(fixture, 'with a stray');
    }));

  it('a directory made anew between the two renames is brought up, with all it holds', () =>
    inFixture(async (fixture) => {
      const receipt = await withIntruder(fixture, movedAway, () => {
        mkdirSync(join(fixture.partition, '_temporary'), { recursive: true });
        write(join(fixture.partition, '_temporary', 'x'), 'x');
        write(join(fixture.partition, 'late.parquet'), 'l1\n');
        write(join(fixture.partition, '.late'), 'h');
      });
      assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'l1'));
      assert.equal(readFileSync(join(fixture.partition, '_temporary', 'x'), 'utf8'), 'x');
      assert.deepEqual(receipt?.broughtAlong.map((file) => file.as).sort(), [
        '.late',
        '_temporary',
        'late.parquet',
      ]);
      assertPartitionBesides(fixture);
      assertTidy(fixture, 'with a late writer');
    }));

  it('an empty directory made anew between the two renames is no obstacle', () =>
    inFixture(async (fixture) => {
      await withIntruder(fixture, movedAway, () => mkdirSync(fixture.partition));
      assertPartition(fixture, 'with a late writer');
      assertTidy(fixture, 'with a late writer');
    }));

  it('late files whose names are taken get other names: no row is lost, none replaced', () =>
    inFixture(async (fixture) => {
      const receipt = await withIntruder(fixture, movedAway, () => {
        mkdirSync(fixture.partition);
        write(join(fixture.partition, 'odd'), 'late');
        write(join(fixture.partition, 'big.parquet'), 'l2\n');
        write(join(fixture.partition, '_SUCCESS'), 'late');
      });
      assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'l2'));
      assertPartitionBesides(fixture);
      const runId = receipt?.runId ?? '';
      assert.deepEqual(Object.fromEntries((receipt?.broughtAlong ?? []).map(({ name, as }) => [name, as])), {
        odd: `odd.late-${runId}-1`,
        'big.parquet': `big.late-${runId}-1.parquet`,
        _SUCCESS: `_SUCCESS.late-${runId}-1`,
      });
      assertTidy(fixture, 'with late files');
    }));

  it('a writer that makes the directory anew again and again does not stop the swap', () =>
    inFixture(async (fixture) => {
      let made = 0;
      const watched = faultStore(quickStore(), {
        afterMutation: (what) => {
          if (made < 5 && (movedAway.test(what) || /date=2025-08-15 .*\/late-\d+$/.test(what))) {
            made++;
            mkdirSync(fixture.partition);
            write(join(fixture.partition, `late-${made}.parquet`), `l${made}\n`);
          }
        },
      });
      await consolidate(watched, fixture);
      assert.equal(made, 5);
      assert.deepEqual(rowsOf(fixture.partition), withRows(fixture, 'l1', 'l2', 'l3', 'l4', 'l5'));
      assertTidy(fixture, 'with many late directories');
    }));

  it('a file in the place of the directory is nobody’s late partition: exit code 14, both states named', () =>
    inFixture(async (fixture) => {
      const work = withIntruder(fixture, movedAway, () => write(fixture.partition, 'a file'));
      await assert.rejects(work, (error: unknown) => {
        assert.ok(error instanceof SwapError);
        assert.deepEqual(
          [error.code, error.exitCode, error.dataState],
          ['foreign-state', 14, 'nothing was replaced'],
        );
        assert.ok(error.message.includes(fixture.partition) && error.message.includes('/old'));
        return true;
      });
      await assert.rejects(consolidate(store, fixture), { code: 'foreign-state', exitCode: 14 });
      rmSync(fixture.partition);
      await recoverDataset({ store, basePath: fixture.basePath, log: silentLogger });
      assertPartition(fixture, 'after the file was moved aside');
      assertTidy(fixture, 'after the file was moved aside');
    }));

  it('a partition that is overwritten right after the swap is left alone, and the backup kept', () =>
    inFixture(async (fixture) => {
      const work = withIntruder(
        fixture,
        placed,
        () => {
          rmSync(fixture.partition, { recursive: true });
          mkdirSync(fixture.partition);
          write(join(fixture.partition, 'over.parquet'), 'o1\n');
        },
        { keepBackup: false },
      );
      await assert.rejects(work, { code: 'foreign-state', exitCode: 14 });
      assert.deepEqual(rowsOf(fixture.partition), ['o1']);
      const run = readdirSync(fixture.dateDirectory)[0] ?? '';
      for (const [name, content] of fixture.inputs) {
        assert.equal(
          readFileSync(join(fixture.dateDirectory, run, 'old', `${name}.backup`), 'utf8'),
          content,
        );
      }
      assert.deepEqual(globParquet(fixture.workspace), []);
      // It is told once; the next run goes on with what is there.
      assert.equal(await consolidate(store, fixture), undefined);
      assert.deepEqual(rowsOf(fixture.partition), ['o1']);
    }));
});

/** The files that were there before are the same files. */
function assertPartitionBesides(fixture: Fixture): void {
  for (const [name, inode] of fixture.unplanned) {
    assert.equal(lstatSync(join(fixture.partition, name)).ino, inode, name);
  }
}
