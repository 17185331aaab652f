import type { PartitionResult } from '../telemetry/partition-result.ts';
import type { DatasetTask, PartitionTask } from './partition-task.ts';
import type { ExpectedWork, LeftBecause, RunBudget } from './run-budget.ts';

/** A partition that a run is to do. */
export interface QueuedPartition extends ExpectedWork {
  readonly task: DatasetTask;
  /** Its key. */
  readonly date: string;
}

/** A partition that a run did not begin. */
export interface LeftPartition<Q extends QueuedPartition> {
  readonly queued: Q;
  readonly because: LeftBecause;
}

/** What became of a queue. */
export interface WorkQueue<Q extends QueuedPartition> {
  /** Tasks in order, each made when it is asked for, those passed over that the budget has no room for. */
  readonly tasks: Iterable<PartitionTask>;
  /** Those that were begun, in their order. */
  readonly begun: readonly Q[];
  readonly left: readonly LeftPartition<Q>[];
}

/**
 * The partitions of a run, as far as its budget goes. One for which there is no room is left, and so may a smaller one after it still be
 * done; once the time is over, all are. Where the run is told to stop, the rest is left.
 */
export function workQueue<Q extends QueuedPartition>(
  partitions: readonly Q[],
  budget: RunBudget,
): WorkQueue<Q> {
  const begun: Q[] = [];
  const left: LeftPartition<Q>[] = [];
  function* tasks(): Generator<PartitionTask, void, undefined> {
    for (const queued of partitions) {
      const because = queued.task.stop.aborted ? 'stopped' : budget.refuses(queued);
      if (because !== undefined) {
        left.push({ queued, because });
        continue;
      }
      begun.push(queued);
      budget.begin(queued);
      yield counted(queued, budget);
    }
  }
  return { tasks: tasks(), begun, left };
}

/** The task, whose end the budget is told of. */
function counted(queued: QueuedPartition, budget: RunBudget): PartitionTask {
  const { task, date } = queued;
  const { around = (_date: string, work: () => Promise<PartitionResult>) => work() } = task;
  return {
    ...task,
    date,
    around: async (key, work) => {
      const result = await around(key, work);
      const bytes = result.result === 'consolidated' || result.result === 'planned' ? result.bytesBefore : 0;
      budget.end(queued, { bytes, durationMs: result.durationMs });
      return result;
    },
  };
}
