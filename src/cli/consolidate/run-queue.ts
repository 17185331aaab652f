import { consolidatePartitions } from '../../pipeline/consolidate-dates.ts';
import { removeOldBackups } from '../../pipeline/remove-old-backups.ts';
import { machineClock, runBudget } from '../../pipeline/run-budget.ts';
import { workQueue } from '../../pipeline/work-queue.ts';
import { type ErrorFacts, errorFacts } from '../../telemetry/error-facts.ts';
import { exitCodeOf } from '../../telemetry/exit-code.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { atOnceFor } from '../at-once.ts';
import { commandWords } from '../command-for.ts';
import type { CliEnvironment } from '../environment.ts';
import { type CommandFor, withCommands, withHintCommands } from '../output/commands-in-text.ts';
import { type ConsolidateInvocation, type DatasetPart, openPart, type RunShared } from './dataset-part.ts';
import type { LeftOfPart } from './left-text.ts';
import { orderQueue, type QueuedOfPart, type QueuedPart, queuePart } from './queue-parts.ts';
import type { DonePart } from './tell-part.ts';

/** A dataset that could not be worked on. */
export interface FailedPart {
  readonly invocation: ConsolidateInvocation;
  readonly error: ErrorFacts;
}

/** A dataset with what there is to do in it, or with what keeps it from that. */
export type OpenedPart = (QueuedPart & { readonly part: DatasetPart }) | FailedPart;

/**
 * Opens a dataset and lists what there is to do. Where there are several, what goes wrong with one does not keep it from the others.
 * @throws what goes wrong with the only one; the reason of `shared.stop`
 */
export async function openOrFail(
  invocation: ConsolidateInvocation,
  environment: CliEnvironment,
  shared: RunShared,
  isOnly: boolean,
): Promise<OpenedPart> {
  try {
    const part = await openPart(invocation, environment, shared);
    const { maxBytes, maxDurationMs } = part.dataset.settings.budget;
    return { part, ...(await queuePart(part, maxBytes !== undefined || maxDurationMs !== undefined)) };
  } catch (error) {
    if (isOnly || shared.stop.aborted) throw error;
    return { invocation, error: withHintCommands(errorFacts(error), commandWords(invocation, environment)) };
  }
}

/** What a run came to. */
export interface QueueRun {
  /** Of each dataset that could be opened, in their order. */
  readonly done: readonly DonePart[];
  readonly left: readonly LeftOfPart[];
}

/** Consolidates what there is to do, in one order over all datasets, as far as the budget goes. */
export async function runQueue(
  opened: readonly OpenedPart[],
  invocation: ConsolidateInvocation,
  environment: CliEnvironment,
  { start, stop }: RunShared,
): Promise<QueueRun> {
  const parts = opened.flatMap((one) => ('part' in one ? [one] : []));
  const [first] = parts;
  if (first === undefined) return { done: [], left: [] };
  // Neither differs between datasets: they are of the process.
  const { budget, consolidation } = first.part.dataset.settings;
  const ordered = orderQueue(parts);
  const keepsAll = invocation.dryRun || invocation.verbose || invocation.output === 'json';
  const { options, ...together } = atOnceFor(consolidation, ordered.length, keepsAll);
  const queue = ordered.map((one): QueuedOfPart => ({ ...one, task: { ...one.task, ...together } }));
  const isLimited =
    invocation.all ||
    budget.maxBytes !== undefined ||
    budget.maxDurationMs !== undefined ||
    queue.some(({ window }) => window !== undefined);
  const { tasks, begun, left } = isLimited
    ? workQueue(queue, runBudget(budget, machineClock, start.ticksMs))
    : { tasks: queue.map(({ task, date }) => ({ ...task, date })), begun: queue, left: [] };
  const results = await consolidatePartitions(tasks, options);
  const done: DonePart[] = [];
  for (const { part, partitions: asked, others } of parts) {
    const own = results.filter((_, index) => begun[index]?.part === part);
    // A dataset of which no partition was begun was not come to.
    if (own.length === 0 && !invocation.dryRun && !stop.aborted) await removeOldBackups(part.task);
    const commands = commandWords(part.invocation, environment);
    done.push({
      part,
      results: own.map((result) => typeable(result, commands)),
      asked: asked.length,
      ...(others === undefined ? {} : { others }),
      exitCode: exitCodeOf(own),
      caughtUp: stop.aborted ? [] : ((await part.replica?.catchUp()) ?? []),
    });
  }
  return { done, left };
}

/** The result with every command in its texts as it can be typed. */
function typeable(result: PartitionResult, commands: CommandFor): PartitionResult {
  return {
    ...result,
    reason: withCommands(result.reason, commands),
    ...(result.error === undefined ? {} : { error: withHintCommands(result.error, commands) }),
  };
}
