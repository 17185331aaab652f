import { StoreError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { isMergedName, partitionPath } from '../../partition/names.ts';
import { errorFacts } from '../../telemetry/error-facts.ts';
import type { PartitionResult, ReplicaOutcome } from '../../telemetry/partition-result.ts';
import type { SwappingRun } from '../partition-task.ts';
import { clearPendingCopies, notePendingCopy, type PendingCopy, pendingCopies } from './pending-copies.ts';
import { type ReplicaSide, replicatePartition } from './replicate-partition.ts';

/** What a replica is kept with. */
export interface KeeperRequest {
  readonly primary: ReplicaSide;
  /** The replica as the operator knows it: for messages, and to tell it from other replicas. */
  readonly uri: string;
  /** The replica's store, once it answers. Called once; rejects when it cannot be reached. */
  readonly reach: () => Promise<ReplicaSide>;
  readonly toolVersion: string;
  readonly allowAttributeChange: boolean;
  readonly stop: AbortSignal;
  readonly log: Logger;
}

/** Keeps a replica up to date while a run goes on. Nothing that happens to the replica fails the run. */
export interface ReplicaKeeper {
  /** To be called right before a swap: from then on the copy is not forgotten, whatever happens. */
  readonly noteSwap: (run: SwappingRun) => Promise<void>;
  /** Copies what a partition became, if there is anything to copy; resolves to the result with the outcome in it. */
  readonly follow: (result: PartitionResult) => Promise<PartitionResult>;
  /** Copies what earlier runs could not, of partitions this run had nothing to do with. */
  readonly catchUp: () => Promise<readonly CaughtUp[]>;
}

/** A partition whose copy was outstanding. */
export interface CaughtUp {
  readonly date: string;
  readonly replica: ReplicaOutcome;
}

/** So many failures in a row, each of which may be over later, and a replica counts as away: the run does not wait for it any more. */
const awayAfter = 3;

/** A keeper for one run over one dataset. */
export function replicaKeeper(request: KeeperRequest): ReplicaKeeper {
  const { primary, uri, log, stop } = request;
  const noted: PendingCopy[] = [];
  const followed = new Set<string>();
  const remember = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  const replica = remember(request.reach);
  const left = remember(() => pendingCopies(primary.store, primary.basePath, log));

  const leftIfReadable = async (): Promise<readonly PendingCopy[]> => {
    try {
      return await left();
    } catch (error) {
      log.warn(`what is still to be copied to ${uri} is not known: ${failedOutcome(error).sentence}`);
      return [];
    }
  };

  const pendingOf = async (date: string): Promise<readonly PendingCopy[]> =>
    [...(await left()), ...noted].filter((one) => one.date === date && one.replica === uri);

  let failuresInRow = 0;
  let lastFailure: ReplicaOutcome | undefined;

  /** What became of the last attempt, once the replica counts as away. */
  const away = (): ReplicaOutcome | undefined => (failuresInRow < awayAfter ? undefined : lastFailure);
  const countFailure = (error: unknown, date: string): ReplicaOutcome => {
    const failed = failedOutcome(error);
    log.info(`replica ${uri}: failed: ${failed.sentence}`, { date, step: 'replica' });
    if (error instanceof StoreError && error.retryable) {
      failuresInRow++;
      lastFailure = failed;
    }
    return failed;
  };

  const copy = async (date: string): Promise<ReplicaOutcome> => {
    const isAway = away();
    if (isAway !== undefined) return isAway;
    try {
      stop.throwIfAborted();
      // Before anything is looked at: what is noted later may be of a swap that is not seen here.
      const pending = await pendingOf(date);
      const begunMs = performance.now();
      const { allowAttributeChange, toolVersion } = request;
      const done = await replicatePartition({
        primary,
        replica: await replica(),
        date,
        toolVersion,
        allowAttributeChange,
        stop,
        log,
      });
      const durationMs = Math.round(performance.now() - begunMs);
      log.info(`replica ${uri}: ${done.result}: ${done.sentence}`, { date, step: 'replica', durationMs });
      if (done.result !== 'later') await clearPendingCopies(primary.store, primary.basePath, pending);
      failuresInRow = 0;
      return done;
    } catch (error) {
      return countFailure(error, date);
    }
  };

  /** Whether the replica lacks a merged file that the plan has seen, by name and length alone. */
  const lacksMerged = async (result: PartitionResult): Promise<boolean> => {
    const merged = (result.plan?.files ?? []).filter(({ name }) => isMergedName(name));
    if (merged.length === 0) return false;
    // Nobody knows; then it is told of as behind.
    if (away() !== undefined) return true;
    const { store, basePath } = await replica();
    const found = await store.list(partitionPath(basePath, result.date));
    const sizes = new Map(found?.map(({ name, sizeBytes }) => [name, sizeBytes]));
    return merged.some(({ name, sizeBytes }) => sizes.get(name) !== sizeBytes);
  };

  const isToCopy = async (result: PartitionResult): Promise<boolean> =>
    result.result === 'consolidated' ||
    (result.swapsRecovered ?? 0) > 0 ||
    (await pendingOf(result.date)).length > 0 ||
    (await lacksMerged(result));

  return {
    noteSwap: async ({ date, runId, runDirectory }) => {
      const pending = { runId, date, replica: uri };
      await notePendingCopy(primary.store, primary.basePath, runDirectory, pending);
      noted.push(pending);
    },
    follow: async (result) => {
      followed.add(result.date);
      let outcome: ReplicaOutcome;
      try {
        if (!(await isToCopy(result))) return result;
        outcome = await copy(result.date);
      } catch (error) {
        outcome = countFailure(error, result.date);
      }
      return { ...result, replica: outcome };
    },
    catchUp: async () => {
      const caughtUp: CaughtUp[] = [];
      const others = new Map<string, number>();
      for (const { date, replica: wanted } of await leftIfReadable()) {
        if (wanted !== uri) others.set(wanted, (others.get(wanted) ?? 0) + 1);
        else if (!followed.has(date)) {
          followed.add(date);
          caughtUp.push({ date, replica: await copy(date) });
        }
      }
      for (const [other, count] of others) {
        log.warn(`${count} runs are still to be copied to ${other}: --replicate-to ${other} does that`);
      }
      return caughtUp;
    },
  };
}

function failedOutcome(error: unknown): ReplicaOutcome {
  const { code, message, hint } = errorFacts(error);
  const sentence = hint === undefined ? message : `${message}; ${hint}`;
  return { result: 'failed', files: 0, bytes: 0, removed: 0, sentence, code };
}
