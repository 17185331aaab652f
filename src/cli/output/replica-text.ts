import { partitionLabel } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import type { CaughtUp } from '../../pipeline/replica/replica-keeper.ts';
import type { PartitionResult, ReplicaOutcome } from '../../telemetry/partition-result.ts';
import { dateRanges } from './date-ranges.ts';
import { counted } from './numbers.ts';
import { printable } from './printable.ts';

/** A line on what was copied to a replica, and one for each reason why a later run has to copy; empty when there was nothing to do. */
export function replicaText(
  uri: string,
  results: readonly PartitionResult[],
  caughtUp: readonly CaughtUp[],
): string {
  const all = outcomes(results, caughtUp);
  const copied = all.filter(({ replica }) => replica.result === 'copied');
  const total = (pick: (outcome: ReplicaOutcome) => number): number =>
    copied.reduce((sum, { replica }) => sum + pick(replica), 0);
  const removed = total((outcome) => outcome.removed);
  const files = `${counted(
    total((outcome) => outcome.files),
    'file',
  )} (${formatSize(total((outcome) => outcome.bytes))})`;
  const taken = removed === 0 ? '' : `, ${counted(removed, 'file')} that they replace taken out`;
  const done =
    copied.length === 0
      ? ''
      : `\nReplica ${printable(uri)}: ${files} of ${counted(copied.length, 'partition')} copied and compared${taken}\n`;
  const lines = behindFor(all).map(
    (reason) => `  ${reason.of} ${reason.verb} copied by a later run: ${printable(reason.why)}\n`,
  );
  return lines.length === 0 ? done : `${done}\nReplica ${printable(uri)} is behind:\n${lines.join('')}`;
}

/** Warnings of a replica that could not be kept up to date: one for all partitions that failed in the same way. */
export function replicaWarnings(
  uri: string,
  results: readonly PartitionResult[],
  caughtUp: readonly CaughtUp[],
): readonly string[] {
  const failed = outcomes(results, caughtUp).filter(({ replica }) => replica.result === 'failed');
  return behindFor(failed).map(
    ({ of, verb, why }) =>
      `the replica ${uri} is behind: ${of} ${verb} copied by a later run with this replica: ${why}`,
  );
}

/** How many partitions could not be copied. */
export function replicaFailures(results: readonly PartitionResult[], caughtUp: readonly CaughtUp[]): number {
  return outcomes(results, caughtUp).filter(({ replica }) => replica.result === 'failed').length;
}

/** Partitions that a later run has to copy for one reason, in words. */
interface Behind {
  /** `2025-08-15`, or `31 partitions (2025-07-01 to 2025-07-31)`. */
  readonly of: string;
  readonly verb: 'is' | 'are';
  readonly why: string;
}

function behindFor(all: readonly CaughtUp[]): readonly Behind[] {
  const alike = new Map<string, CaughtUp[]>();
  for (const one of all) {
    const { result, code = '' } = one.replica;
    if (result !== 'failed' && result !== 'later') continue;
    const key = `${result} ${code}`;
    const known = alike.get(key);
    if (known === undefined) alike.set(key, [one]);
    else known.push(one);
  }
  return [...alike.values()].map((group) => {
    const sentences = new Set(group.map(({ replica }) => replica.sentence));
    const [first = ''] = sentences;
    return {
      of: partitionsText(group.map(({ date }) => date).toSorted()),
      verb: group.length === 1 ? 'is' : 'are',
      why: sentences.size === 1 ? first : `${first} (and ${sentences.size - 1} more of the kind)`,
    };
  });
}

/** Longest list of dates that is written out. */
const listedCharacters = 120;

function partitionsText(keys: readonly string[]): string {
  const [first = '', last = first] = [keys[0], keys.at(-1)];
  if (keys.length === 1) return printable(partitionLabel(first));
  const ranges = dateRanges(keys);
  const ends = `between ${printable(partitionLabel(first))} and ${printable(partitionLabel(last))}`;
  return `${counted(keys.length, 'partition')} (${ranges.length > listedCharacters ? ends : ranges})`;
}

function outcomes(results: readonly PartitionResult[], caughtUp: readonly CaughtUp[]): readonly CaughtUp[] {
  const own = results.flatMap(({ date, replica }) => (replica === undefined ? [] : [{ date, replica }]));
  return [...own, ...caughtUp];
}
