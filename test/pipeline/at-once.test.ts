import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { atOnceFor } from '../../src/cli/at-once.ts';
import { loadSettings } from '../../src/config/load-settings.ts';
import { SwapError } from '../../src/core/errors.ts';
import { exitCodes } from '../../src/core/exit-codes.ts';
import { type LogFields, silentLogger } from '../../src/core/log.ts';
import type { MemoryBudget } from '../../src/core/memory-budget.ts';
import { bytesPerMb } from '../../src/core/units.ts';
import { datesBack } from '../../src/partition/partition-dates.ts';
import { consolidateDates, consolidatePartitions } from '../../src/pipeline/consolidate-dates.ts';
import type { DatasetTask } from '../../src/pipeline/partition-task.ts';
import type { ProgressStep } from '../../src/pipeline/progress.ts';
import { type WorkRoom, workRoom } from '../../src/pipeline/work-room.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { exitCodeOf } from '../../src/telemetry/exit-code.ts';
import { addPartition, parquetNames, settle, tempDirectory } from '../cli/dataset.ts';
import { usualTask } from '../support/usual-task.ts';

const days = datesBack('2025-08-15', 5);

async function task(basePath: string, given: Partial<DatasetTask> = {}): Promise<DatasetTask> {
  return {
    store: localStore(),
    basePath,
    settings: await loadSettings({ flags: { 'base-path': basePath }, env: {} }),
    ...usualTask(),
    ...given,
  };
}

/** Counts how many do something at the same time. */
function together(): { during<T>(work: () => Promise<T>): Promise<T>; most(): number } {
  let now = 0;
  let most = 0;
  return {
    during: async (work) => {
      now++;
      most = Math.max(most, now);
      try {
        return await work();
      } finally {
        now--;
      }
    },
    most: () => most,
  };
}

/** The same budget, which writes down every amount that is reserved at a time. */
function watched(budget: MemoryBudget, seen: number[]): MemoryBudget {
  return {
    ...budget,
    reserve: async (bytes, stop) => {
      const reservation = await budget.reserve(bytes, stop);
      seen.push(budget.reservedBytes());
      return reservation;
    },
  };
}

async function sixDays(t: TestContext): Promise<string> {
  const basePath = await tempDirectory(t);
  for (const day of days) await addPartition(basePath, day);
  return basePath;
}

test('several partitions are at work at once; results come by date, one failure stops nothing', async (t) => {
  const basePath = await sixDays(t);
  const damaged = join(basePath, 'date=2025-08-12');
  await writeFile(join(damaged, (await parquetNames(damaged))[0] ?? ''), 'PAR1 and no footer PAR1');
  await settle(damaged);
  const counting = together();
  const steps: ProgressStep[] = [];
  const lines: LogFields[] = [];
  const info = (_message: string, fields: LogFields = {}): void => void lines.push(fields);
  const given = await task(basePath, {
    log: { ...silentLogger, info },
    around: (_date, work) => counting.during(work),
    showProgress: (step) => steps.push(step),
  });
  const results = await consolidateDates(given, days, { atOnce: 3 });
  assert.deepEqual(
    results.map(({ date }) => date),
    days,
  );
  assert.deepEqual(
    results.map(({ result }) => result),
    ['consolidated', 'consolidated', 'refused', 'consolidated', 'consolidated', 'consolidated'],
  );
  assert.equal(counting.most(), 3);
  assert.ok(lines.every(({ date }) => days.includes(String(date))));
  for (const step of ['merge', 'verify', 'swap']) {
    const told = lines.filter((fields) => fields.step === step);
    const runs = results.flatMap(({ date, runId }) => (runId === undefined ? [] : [`${date} ${runId}`]));
    assert.deepEqual(told.map(({ date, runId }) => `${date} ${runId}`).sort(), runs.sort(), step);
  }
  assert.deepEqual(
    steps.filter(({ doing }) => doing === 'done').map(({ amount }) => [amount?.done, amount?.total]),
    [1, 2, 3, 4, 5, 6].map((done) => [done, 6]),
  );
  for (const day of days) {
    const files = (await parquetNames(join(basePath, `date=${day}`))).length;
    assert.equal(files, day === '2025-08-12' ? 21 : 1, day);
  }
});

/**
 * Runs six small partitions, four at a time, with this room, and tells how many were merged at the same time.
 * @param together the first merged file is not closed before another one is begun
 */
async function mergedAtOnce(t: TestContext, room: WorkRoom, together: boolean): Promise<number> {
  const basePath = await sixDays(t);
  let meet = (): void => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const staged = new Set<string>();
  let most = 0;
  const inner = localStore();
  const store: Store = {
    ...inner,
    create: async (path, placement) => {
      const sink = await inner.create(path, placement);
      if (!/bin-\d+\.staged$/.test(path)) return sink;
      staged.add(path);
      most = Math.max(most, staged.size);
      if (most > 1) meet();
      return {
        ...sink,
        close: async () => {
          if (together) await met;
          await sink.close();
          staged.delete(path);
        },
      };
    },
  };
  const results = await consolidateDates(await task(basePath, { store, room }), days, { atOnce: 4 });
  assert.deepEqual([...new Set(results.map(({ result }) => result))], ['consolidated']);
  return most;
}

test('what is reserved is never more than --memory, and goes by what the partitions need', async (t) => {
  for (const [memoryMb, mergedTogether] of [
    [512, true],
    [256, true],
    [160, false],
  ] as const) {
    const room = workRoom(memoryMb * bytesPerMb);
    const [plans, bins]: [number[], number[]] = [[], []];
    const most = await mergedAtOnce(
      t,
      {
        ...room,
        plans: watched(room.plans, plans),
        bins: watched(room.bins, bins),
      },
      mergedTogether,
    );
    assert.equal(plans.length, days.length, 'every partition reserves once for what is known of it');
    assert.equal(bins.length, days.length, 'and once for merging');
    assert.ok(Math.max(...plans) + Math.max(...bins) <= memoryMb * bytesPerMb);
    assert.equal(most > 1, mergedTogether, `${memoryMb} MB: ${most} at once`);
    assert.deepEqual(
      [room.plans.reservedBytes(), room.bins.reservedBytes(), room.remembered.bytes],
      [0, 0, 0],
    );
  }
});

test('a request to stop ends every partition at its next safe point and begins no other', async (t) => {
  const basePath = await sixDays(t);
  const stop = new AbortController();
  const begun: string[] = [];
  const given = await task(basePath, {
    stop: stop.signal,
    room: workRoom(),
    around: (date, work) => {
      begun.push(date);
      return work();
    },
    showProgress: ({ doing }) => {
      if (doing !== 'merging') return;
      stop.abort(
        new SwapError('stopped by SIGINT', {
          code: 'stopped',
          exitCode: exitCodes.interrupted,
          hint: 'again',
        }),
      );
    },
  });
  const results = await consolidateDates(given, days, { atOnce: 2 });
  assert.deepEqual(
    results.map(({ date, error }) => [date, error?.code]),
    days.map((day) => [day, 'stopped']),
  );
  assert.equal(exitCodeOf(results), exitCodes.interrupted);
  assert.deepEqual(readdirSync(join(basePath, '_consolidation')), []);
  for (const day of days) assert.equal((await parquetNames(join(basePath, `date=${day}`))).length, 21);
});

test('a run that may not begin any more leaves the rest without a result', async (t) => {
  const basePath = await sixDays(t);
  const given = await task(basePath, { dryRun: true });
  const asked: string[] = [];
  const results = await consolidatePartitions(
    days.map((date) => ({ ...given, date })),
    {
      atOnce: 2,
      mayBegin: ({ date }) => {
        asked.push(date);
        return date !== '2025-08-13';
      },
      keep: ({ plan: _, ...result }) => result,
    },
  );
  assert.deepEqual(
    results.map(({ date, result, plan }) => [date, result, plan]),
    [
      ['2025-08-10', 'planned', undefined],
      ['2025-08-11', 'planned', undefined],
      ['2025-08-12', 'planned', undefined],
    ],
  );
  assert.deepEqual(asked, ['2025-08-10', '2025-08-11', '2025-08-12', '2025-08-13']);
});

test('less memory is fewer places, and one place is a run as it was', async () => {
  const { consolidation } = await loadSettings({ flags: { 'base-path': '/data' }, env: {} });
  const places = (memoryMb: number | undefined, partitions: number, concurrency?: number): number => {
    const memory = memoryMb === undefined ? {} : { memoryBytes: memoryMb * bytesPerMb };
    const wanted = concurrency === undefined ? {} : { concurrency };
    const { options, room, beginBin } = atOnceFor(
      { ...consolidation, ...memory, ...wanted },
      partitions,
      false,
    );
    if (options.atOnce === 1) assert.deepEqual([room, beginBin], [undefined, undefined]);
    else assert.equal(room?.bins.totalBytes, ((memoryMb ?? 512) - 128) * bytesPerMb);
    return options.atOnce ?? 1;
  };
  assert.deepEqual(
    [places(undefined, 30), places(undefined, 3), places(undefined, 1), places(256, 30), places(384, 30)],
    [4, 3, 1, 1, 3],
  );
  assert.deepEqual([places(1024, 30, 8), places(512, 30, 8), places(undefined, 30, 1)], [8, 5, 1]);
  assert.equal(atOnceFor({ ...consolidation, threads: 1 }, 30, false).beginBin, undefined);
});
