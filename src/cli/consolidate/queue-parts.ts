import { dateOf } from '../../core/partition-key.ts';
import { listBase } from '../../partition/list-base.ts';
import { byWorth, type DatasetWork, type RankedPartition, workInDataset } from '../../pipeline/best-first.ts';
import { datesInRange } from '../../pipeline/dates-in-range.ts';
import { datesOfShard } from '../../pipeline/dates-of-shard.ts';
import type { DatasetTask } from '../../pipeline/partition-task.ts';
import { partitionsOfDates } from '../../pipeline/partitions-of-dates.ts';
import type { QueuedPartition } from '../../pipeline/work-queue.ts';
import { recoverDataset } from '../../swap/recover.ts';
import type { WantedDates } from '../dates.ts';
import type { DatasetPart } from './dataset-part.ts';

/** A partition in the queue of a run, and the dataset it is of. */
export interface QueuedOfPart extends QueuedPartition, RankedPartition {
  readonly part: DatasetPart;
}

/** What there is to do in a dataset. */
export interface QueuedPart {
  readonly partitions: readonly QueuedOfPart[];
  /** Of `--all`: how many partitions are not worth a run, wait, or are refused. */
  readonly others?: DatasetWork['others'];
}

/**
 * The partitions that were asked for of a dataset, in the order they are to be done in.
 * @param isLimited by bytes or time: then each is looked at for what it will take
 * @throws ConfigError `base-path-absent` and what else the lists throw; StoreError when the store fails; the reason of `stop`
 */
export async function queuePart(part: DatasetPart, isLimited: boolean): Promise<QueuedPart> {
  const { task, wanted, dataset, invocation } = part;
  const { window } = dataset.settings.budget;
  const queued = ({ date, bytes, worth }: RankedPartition): QueuedOfPart => ({
    part,
    task,
    date,
    bytes,
    worth,
    ...(window === undefined ? {} : { window }),
    ...(invocation.timeZone === undefined ? {} : { timeZone: invocation.timeZone }),
  });
  if ('all' in wanted) {
    const blocked = task.dryRun ? [] : await settleFirst(task);
    const { partitions, others } = await workInDataset(task, wanted.all);
    const found = new Set(partitions.map(({ date }) => date));
    // They are begun so that the run says what is wrong with them, and fails.
    const unsettled = blocked
      .filter((date) => !found.has(date))
      .map((date) => ({ date, bytes: 0, worth: 0 }));
    return { partitions: [...partitions, ...unsettled].map(queued), others };
  }
  const dates = await datesWanted(part, wanted);
  await listBase(task.store, task.basePath);
  const bytes = isLimited ? await expectedBytes(task, dates) : new Map<string, number>();
  return { partitions: dates.map((date) => queued({ date, bytes: bytes.get(date) ?? 0, worth: 0 })) };
}

/** The partitions of all parts, in one order: by what they are worth where that is known, else the parts one after the other. */
export function orderQueue(parts: readonly QueuedPart[]): readonly QueuedOfPart[] {
  const partitions = parts.flatMap((part) => part.partitions);
  return parts.some(({ others }) => others !== undefined) ? byWorth(partitions) : partitions;
}

async function datesWanted(
  { task, dataset: { layout } }: DatasetPart,
  wanted: Exclude<WantedDates, { readonly all: unknown }>,
): Promise<readonly string[]> {
  const { store, basePath, stop } = task;
  if ('key' in wanted) return [wanted.key];
  if ('dates' in wanted) return partitionsOfDates({ store, basePath, layout, stop }, wanted.dates);
  return wanted.shard === undefined
    ? datesInRange(store, basePath, wanted.range, layout)
    : datesOfShard(task, wanted.range, wanted.shard);
}

/** What an interrupted swap left may hide the partition from a listing. Resolves to those that a person must settle. */
async function settleFirst({ store, basePath, layout, log }: DatasetTask): Promise<readonly string[]> {
  const quiet = { ...log, warn: log.info };
  const named = layout === undefined ? {} : { layout };
  const outcomes = await recoverDataset({ store, basePath, ...named, log: quiet });
  for (const { action, sentence, date } of outcomes) {
    if (action !== 'nothing') log.warn(sentence, { date });
  }
  const blocked = outcomes.filter(({ needsAttention }) => needsAttention).map(({ date }) => date);
  // Of partitions under another layout no date is known.
  return [...new Set(blocked)].filter((date) => dateOf(date) !== '');
}

async function expectedBytes(
  task: DatasetTask,
  keys: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (keys.length === 0) return new Map();
  const dates = keys.map(dateOf).toSorted();
  const [from = '', to = from] = [dates[0], dates.at(-1)];
  const { partitions } = await workInDataset(task, { from, to });
  return new Map(partitions.map(({ date, bytes }) => [date, bytes]));
}
