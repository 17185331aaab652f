import { partitionLabel } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import type { CaughtUp } from '../../pipeline/replica/replica-keeper.ts';
import type { PartitionResult, ReplicaOutcome } from '../../telemetry/partition-result.ts';
import { counted } from './numbers.ts';
import { printable } from './printable.ts';

/** A line on what was copied to a replica, and one for each partition that a later run has to copy; empty when there was nothing to do. */
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
  const behind = all
    .filter(({ replica }) => replica.result === 'failed' || replica.result === 'later')
    .map(
      ({ date, replica }) =>
        `  ${printable(partitionLabel(date))} is copied by a later run: ${printable(replica.sentence)}\n`,
    );
  return behind.length === 0 ? done : `${done}\nReplica ${printable(uri)} is behind:\n${behind.join('')}`;
}

/** How many partitions could not be copied. */
export function replicaFailures(results: readonly PartitionResult[], caughtUp: readonly CaughtUp[]): number {
  return outcomes(results, caughtUp).filter(({ replica }) => replica.result === 'failed').length;
}

function outcomes(results: readonly PartitionResult[], caughtUp: readonly CaughtUp[]): readonly CaughtUp[] {
  const own = results.flatMap(({ date, replica }) => (replica === undefined ? [] : [{ date, replica }]));
  return [...own, ...caughtUp];
}
