import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseDailyWindow } from '../../src/core/daily-window.ts';
import { byWorth } from '../../src/pipeline/best-first.ts';
import type { DatasetTask, PartitionTask } from '../../src/pipeline/partition-task.ts';
import { type RunClock, runBudget } from '../../src/pipeline/run-budget.ts';
import { workQueue } from '../../src/pipeline/work-queue.ts';
import type { PartitionResult } from '../../src/telemetry/partition-result.ts';

const numRuns = process.env.TEST_FULL === '1' ? 5000 : 300;

/** A clock that stands still until it is told. */
function madeClock(startMs = Date.parse('2025-08-15T22:00:00Z')): RunClock & { pass(ms: number): void } {
  let passedMs = 0;
  return {
    wallMs: () => startMs + passedMs,
    ticksMs: () => passedMs,
    pass: (ms) => {
      passedMs += ms;
    },
  };
}

/** A task of which only what a queue looks at is there. */
function taskWith(stop: AbortSignal): DatasetTask {
  const task: Pick<DatasetTask, 'stop'> = { stop };
  return task as DatasetTask;
}

/** What a partition came to, as far as the budget looks at it. */
function resultOf(bytesBefore: number, durationMs: number): PartitionResult {
  const result: Pick<PartitionResult, 'result' | 'bytesBefore' | 'durationMs'> = {
    result: 'consolidated',
    bytesBefore,
    durationMs,
  };
  return result as PartitionResult;
}

async function work(task: PartitionTask, result: PartitionResult): Promise<void> {
  await task.around?.(task.date, () => Promise.resolve(result));
}

describe('a budget', () => {
  it('of bytes is never gone beyond by what is expected, and leaves only what had no room', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 20 }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 4 }),
        async (sizes, maxBytes, atOnce) => {
          const partitions = sizes.map((bytes, index) => ({
            task: taskWith(new AbortController().signal),
            date: `d${index}`,
            bytes,
          }));
          const { tasks, begun, left } = workQueue(partitions, runBudget({ maxBytes }, madeClock()));
          const iterator = tasks[Symbol.iterator]();
          await Promise.all(
            Array.from({ length: atOnce }, async () => {
              for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
                const { date } = next.value;
                await work(next.value, resultOf(sizes[Number(date.slice(1))] ?? 0, 1));
              }
            }),
          );
          const taken = begun.reduce((sum, { bytes }) => sum + bytes, 0);
          assert.ok(taken <= maxBytes);
          assert.equal(begun.length + left.length, partitions.length);
          for (const { queued, because } of left) {
            assert.equal(because, 'max-bytes');
            const before = begun.filter(({ date }) => Number(date.slice(1)) < Number(queued.date.slice(1)));
            assert.ok(before.reduce((sum, { bytes }) => sum + bytes, 0) + queued.bytes > maxBytes);
          }
        },
      ),
      { numRuns },
    );
  });

  it('of bytes counts what was taken, once that is known', () => {
    const budget = runBudget({ maxBytes: 100 }, madeClock());
    budget.begin({ bytes: 80 });
    assert.equal(budget.refuses({ bytes: 30 }), 'max-bytes');
    // Its files were gone, or it had to wait.
    budget.end({ bytes: 80 }, { bytes: 0, durationMs: 5 });
    assert.equal(budget.refuses({ bytes: 30 }), undefined);
    budget.begin({ bytes: 0 });
    budget.end({ bytes: 0 }, { bytes: 90, durationMs: 5 });
    assert.equal(budget.refuses({ bytes: 11 }), 'max-bytes');
    assert.equal(budget.refuses({ bytes: 10 }), undefined);
  });

  it('of time begins nothing that would not be done by then, by how long the others took', () => {
    const clock = madeClock();
    const budget = runBudget({ maxDurationMs: 100 }, clock);
    assert.equal(budget.refuses({ bytes: 1e9 }), undefined, 'nobody knows yet how long anything takes');
    budget.begin({ bytes: 10 });
    clock.pass(40);
    budget.end({ bytes: 10 }, { bytes: 10, durationMs: 40 });
    assert.equal(budget.refuses({ bytes: 15 }), undefined);
    assert.equal(budget.refuses({ bytes: 16 }), 'max-duration');
    clock.pass(60);
    assert.equal(budget.refuses({ bytes: 0 }), 'max-duration', 'the time is over');
    const late = runBudget({ maxDurationMs: 100 }, clock, clock.ticksMs() - 100);
    assert.equal(late.refuses({ bytes: 0 }), 'max-duration', 'what came before the first partition counts');
  });

  it('of hours ends with them, for the datasets that have them', async () => {
    const clock = madeClock();
    const night = parseDailyWindow('22:00-23:00');
    assert.ok(night !== undefined);
    const task = taskWith(new AbortController().signal);
    const partitions = ['a', 'b', 'c', 'd'].map((date, index) => ({
      task,
      date,
      bytes: 1,
      ...(index === 3 ? {} : { window: night }),
    }));
    const { tasks, begun, left } = workQueue(partitions, runBudget({}, clock));
    for (const one of tasks) {
      clock.pass(30 * 60_000);
      await work(one, resultOf(1, 1));
    }
    assert.deepEqual(
      begun.map(({ date }) => date),
      ['a', 'b', 'd'],
    );
    assert.deepEqual(
      left.map(({ queued, because }) => [queued.date, because]),
      [['c', 'window']],
    );
  });

  it('is over where the run is told to stop', () => {
    const stop = new AbortController();
    const task = taskWith(stop.signal);
    const { tasks, begun, left } = workQueue(
      ['a', 'b', 'c'].map((date) => ({ task, date, bytes: 1 })),
      runBudget({}, madeClock()),
    );
    for (const _ of tasks) stop.abort();
    assert.deepEqual(
      begun.map(({ date }) => date),
      ['a'],
    );
    assert.deepEqual(
      left.map(({ because }) => because),
      ['stopped', 'stopped'],
    );
  });
});

describe('the order of a run', () => {
  it('is by what a merge is worth, the newer first of equal ones', () => {
    const order = byWorth([
      { date: '2025-08-14', bytes: 1, worth: 1 },
      { date: '2025-08-15', bytes: 1, worth: 1 },
      { date: '2025-08-13', bytes: 1, worth: 2 },
    ]);
    assert.deepEqual(
      order.map(({ date }) => date),
      ['2025-08-13', '2025-08-15', '2025-08-14'],
    );
  });
});
