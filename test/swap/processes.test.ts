import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../src/core/log.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { undoRun } from '../../src/swap/undo.ts';
import { faultStore } from '../support/fault-store.ts';
import {
  assertPartition,
  assertTidy,
  consolidate,
  date,
  type Fixture,
  makeFixture,
  neverStaged,
  nextRunId,
  originalsAreBack,
  quickStore,
  rowsOf,
} from '../support/swap-fixture.ts';

const store = quickStore();
const child = fileURLToPath(new URL('../support/swap-child.ts', import.meta.url));
const atATime = 2;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

function start(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; uid?: number; gid?: number } = {},
) {
  return spawn(process.execPath, ['--import', 'tsx', child, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...options,
    env: { ...process.env, ...options.env },
  });
}

async function ended(process: ChildProcess): Promise<Ended> {
  const chunks: Buffer[] = [];
  process.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return await new Promise((resolve, reject) => {
    process.on('error', reject);
    process.on('close', (code, signal) =>
      resolve({ code, signal, output: Buffer.concat(chunks).toString() }),
    );
  });
}

async function inFixture(work: (fixture: Fixture) => Promise<void>, under = tmpdir()): Promise<void> {
  const fixture = makeFixture(under);
  try {
    await work(fixture);
  } finally {
    fixture.remove();
  }
}

/** Mutations an action takes when nothing goes wrong. */
async function countMutations(
  act: (store: ReturnType<typeof faultStore>, fixture: Fixture) => Promise<unknown>,
) {
  let count = 0;
  await inFixture(async (fixture) => {
    const counting = faultStore(quickStore());
    await act(counting, fixture);
    count = counting.mutations();
  });
  return count;
}

async function killAtEvery(action: string, mutations: number, check: (fixture: Fixture, at: number) => void) {
  const numbers = Array.from({ length: mutations }, (_, index) => index + 1);
  const worker = async (): Promise<void> => {
    for (let at = numbers.shift(); at !== undefined; at = numbers.shift()) {
      const mutation = at;
      await inFixture(async (fixture) => {
        if (action === 'undo') await consolidate(store, fixture);
        const { signal, output } = await ended(start([action, fixture.basePath, String(mutation)]));
        assert.equal(signal, 'SIGKILL', `killed at mutation ${mutation}: ${output}`);
        const rows = rowsOf(fixture.partition);
        if (rows !== undefined) assert.deepEqual(rows, fixture.rows, `after kill -9 at mutation ${mutation}`);
        // At once: the process is known to be gone, nobody waits ten minutes.
        const outcomes = await recoverDataset({ store, basePath: fixture.basePath, log: silentLogger });
        for (const outcome of outcomes) {
          assert.ok(!outcome.needsAttention && outcome.action !== 'in-progress', outcome.sentence);
        }
        assertPartition(fixture, `recovered after kill -9 at mutation ${mutation}`);
        assertTidy(fixture, `recovered after kill -9 at mutation ${mutation}`);
        check(fixture, mutation);
      });
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

describe('kill -9 at every mutation, then recover', () => {
  it('of a consolidation', async () => {
    const mutations = await countMutations((store, fixture) => consolidate(store, fixture));
    const seen = new Set<boolean>();
    await killAtEvery('consolidate', mutations, (fixture) => seen.add(originalsAreBack(fixture)));
    assert.equal(seen.size, 2, 'some recoveries go back and some forward');
  });

  it('of an undo', async () => {
    const all = await countMutations(async (counting, fixture) => {
      await consolidate(store, fixture);
      const request = {
        store: counting,
        basePath: fixture.basePath,
        date,
        newRunId: nextRunId(),
        toolVersion: '0',
        stage: neverStaged,
      };
      await undoRun({ ...request, log: silentLogger });
    });
    const seen = new Set<boolean>();
    await killAtEvery('undo', all, (fixture) => seen.add(originalsAreBack(fixture)));
    assert.equal(seen.size, 2, 'some recoveries go back and some forward');
  });
});

describe('several processes', () => {
  it('that start at the same time: one consolidates, the others exit with 11 or find nothing to do', () =>
    inFixture(async (fixture) => {
      const results = await Promise.all(
        Array.from({ length: 4 }, () => ended(start(['consolidate', fixture.basePath]))),
      );
      const outputs = results.map(({ code, output }) => ({ exitCode: code, said: JSON.parse(output) }));
      const told = JSON.stringify(outputs);
      assert.equal(outputs.filter(({ said }) => said.done === true).length, 1, told);
      for (const { exitCode, said } of outputs) {
        if (exitCode === 0) assert.equal(typeof said.done, 'boolean', told);
        else assert.deepEqual([exitCode, said.code], [11, 'lock-held'], told);
      }
      assertPartition(fixture, 'after four processes');
      assertTidy(fixture, 'after four processes');
    }));

  it('a reader in a tight loop sees every row once, or no directory, while swaps and undos go on', () =>
    inFixture(async (fixture) => {
      const readers = Array.from({ length: 2 }, () =>
        start(['read', fixture.basePath], { env: { EXPECTED_ROWS: fixture.rows.join(',') } }),
      );
      const results = readers.map(ended);
      await Promise.all(
        readers.map((reader) => new Promise((resolve) => reader.stdout.once('data', resolve))),
      );
      const until = Date.now() + 5000;
      const considerate = localStore();
      let swaps = 0;
      while (Date.now() < until || swaps < 6) {
        await consolidate(considerate, fixture);
        const newRunId = nextRunId();
        const { basePath } = fixture;
        await undoRun({
          store: considerate,
          basePath,
          date,
          newRunId,
          toolVersion: '0',
          stage: neverStaged,
          log: silentLogger,
        });
        swaps += 2;
      }
      for (const reader of readers) reader.stdin.end();
      for (const { output } of await Promise.all(results)) {
        const counts = JSON.parse(output.trim().split('\n').at(-1) ?? '');
        assert.equal(counts.anomalies, 0, JSON.stringify(counts));
        assert.ok(counts.listings > 1000, JSON.stringify({ ...counts, swaps }));
      }
      assertPartition(fixture, 'after many swaps');
    }));
});

describe('as the operating system refuses it', () => {
  const isRoot = process.getuid?.() === 0;

  it('a full disk: a clear error, the originals untouched, and the next run works', async (context) => {
    const mounted = mountSmall();
    if (mounted === undefined) {
      context.skip('a file system of 256 KB can only be mounted by root');
      return;
    }
    try {
      await inFixture(async (fixture) => {
        const ballast = join(mounted.directory, 'ballast');
        execFileSync('sh', ['-c', `dd if=/dev/zero of=${ballast} bs=1k 2>/dev/null || true`]);
        const { code, output } = await ended(start(['consolidate', fixture.basePath]));
        const error = JSON.parse(output);
        assert.equal(code, 10, output);
        assert.equal(error.code, 'no-space', output);
        assert.match(error.hint, /df -h/);
        assertPartition(fixture, 'on a full disk');
        assert.ok(originalsAreBack(fixture));
        rmSync(ballast);
        await consolidate(store, fixture);
        assertPartition(fixture, 'with space again');
        assertTidy(fixture, 'with space again');
      }, mounted.directory);
    } finally {
      mounted.unmount();
    }
  });

  it('a base directory that cannot be written to', async (context) => {
    await inFixture(async (fixture) => {
      const other = isRoot ? { uid: 65_534, gid: 65_534 } : {};
      openTo(fixture);
      chmodSync(fixture.basePath, 0o555);
      const { code, output } = await ended(start(['consolidate', fixture.basePath], other));
      const error = JSON.parse(output);
      assert.deepEqual([code, error.code], [10, 'permission-denied'], output);
      assert.ok(error.message.includes(fixture.basePath) && /ls -ld/.test(error.hint), output);
      chmodSync(fixture.basePath, 0o755);
      assert.ok(originalsAreBack(fixture));
      context.diagnostic(error.message);
    });
  });

  it('a partition that cannot be written to is refused before anything is replaced', async (context) => {
    if (!isRoot) {
      context.skip('only root can make files of two users');
      return;
    }
    await inFixture(async (fixture) => {
      // The workspace can be made, but the partition and its files belong to another user.
      openTo(fixture);
      chownSync(fixture.basePath, 65_534, 65_534);
      const { code, output } = await ended(
        start(['consolidate', fixture.basePath], { uid: 65_534, gid: 65_534 }),
      );
      const error = JSON.parse(output);
      assert.equal(code, 10, output);
      assert.equal(error.dataState, 'the originals are untouched', output);
      assert.ok(error.hint !== undefined, output);
      assertPartition(fixture, 'after the refusal');
      assert.ok(originalsAreBack(fixture));
      assert.deepEqual(existsSync(fixture.workspace) ? readdirSync(fixture.workspace) : [], []);
      await consolidate(store, fixture);
      assertPartition(fixture, 'done by root');
    });
  });

  it('a partition directory its own user may not write to leaves nothing behind that blocks the next run', async (context) => {
    if (!isRoot) {
      context.skip('only root can make files of another user');
      return;
    }
    await inFixture(async (fixture) => {
      const owner = { uid: 65_534, gid: 65_534 };
      for (const path of ['', ...readdirSync(fixture.basePath, { recursive: true, encoding: 'utf8' })]) {
        chownSync(join(fixture.basePath, path), owner.uid, owner.gid);
      }
      openTo(fixture);
      chmodSync(fixture.partition, 0o555);
      const refused = await ended(start(['consolidate', fixture.basePath], owner));
      assert.equal(refused.code, 10, refused.output);
      assert.ok(originalsAreBack(fixture));
      assert.deepEqual(existsSync(fixture.workspace) ? readdirSync(fixture.workspace) : [], []);
      chmodSync(fixture.partition, 0o775);
      const done = await ended(start(['consolidate', fixture.basePath], owner));
      assert.equal(done.code, 0, done.output);
      assertPartition(fixture, 'after the directory could be written to');
    });
  });

  it('a user who may write the directory but does not own the files can consolidate as far as rights can be kept', async (context) => {
    if (!isRoot) {
      context.skip('only root can make files of two users');
      return;
    }
    await inFixture(async (fixture) => {
      openTo(fixture);
      for (const path of [fixture.basePath, fixture.partition]) chownSync(path, 65_534, 65_534);
      for (const name of fixture.unplanned.keys()) chownSync(join(fixture.partition, name), 65_534, 65_534);
      // Inputs of another owner, but of a group this user is in: hard links to them are forbidden by the kernel.
      for (const name of [...fixture.inputs.keys(), '.a-1.parquet.crc', '_metadata']) {
        chownSync(join(fixture.partition, name), 4711, 65_534);
      }
      const { code, output } = await ended(
        start(['consolidate', fixture.basePath], { uid: 65_534, gid: 65_534 }),
      );
      assert.equal(code, 0, output);
      assertPartition(fixture, 'after the swap');
      assertTidy(fixture, 'after the swap');
    });
  });
});

/** Lets other users reach and read the fixture. */
function openTo(fixture: Fixture): void {
  for (let path = fixture.partition; path !== tmpdir(); path = join(path, '..')) {
    if (path !== fixture.partition && path !== fixture.basePath) chmodSync(path, 0o755);
  }
  for (const name of fixture.inputs.keys()) chmodSync(join(fixture.partition, name), 0o644);
}

function mountSmall(): { directory: string; unmount(): void } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const directory = mkdtempSync(join(tmpdir(), 'small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    // No right to mount here, as in a container.
    rmSync(directory, { recursive: true });
    return undefined;
  }
  return {
    directory,
    unmount() {
      execFileSync('umount', [directory]);
      rmSync(directory, { recursive: true });
    },
  };
}
