import type { Settings } from '../../config/settings.ts';
import { windowText } from '../../core/daily-window.ts';
import { dateOf, isDate, partitionLabel, relativePathOf } from '../../core/partition-key.ts';
import { formatSize } from '../../core/units.ts';
import type { LeftBecause } from '../../pipeline/run-budget.ts';
import type { LeftPartition } from '../../pipeline/work-queue.ts';
import { counted, formatCount } from '../output/numbers.ts';
import { printable } from '../output/printable.ts';
import type { QueuedOfPart } from './queue-parts.ts';

/** A partition that was left for another run. */
export type LeftOfPart = LeftPartition<QueuedOfPart>;

/** What a run left for another one. Plain JSON. */
export interface LeftFacts {
  readonly partitions: number;
  /** Of the files that would be merged. */
  readonly bytes: number;
  /** How many for each reason. */
  readonly because: Readonly<Partial<Record<LeftBecause, number>>>;
  /** The first of them, in the order they would have been done in. */
  readonly first: readonly {
    readonly datasetName?: string;
    readonly date: string;
    readonly partition?: string;
    readonly bytes: number;
    readonly because: LeftBecause;
  }[];
}

const firstOnes = 10;
const namedOnes = 3;

/** The figures of what was left. */
export function leftFacts(left: readonly LeftOfPart[]): LeftFacts {
  const because: Partial<Record<LeftBecause, number>> = {};
  for (const one of left) because[one.because] = (because[one.because] ?? 0) + 1;
  return {
    partitions: left.length,
    bytes: left.reduce((sum, { queued }) => sum + queued.bytes, 0),
    because,
    first: left.slice(0, firstOnes).map(({ queued: { part, date, bytes }, because: why }) => {
      const name = part.dataset.settings.dataset?.name;
      return {
        ...(name === undefined ? {} : { datasetName: name }),
        date: dateOf(date),
        ...(isDate(date) ? {} : { partition: relativePathOf(date) }),
        bytes,
        because: why,
      };
    }),
  };
}

/** What was left, as a person reads it; empty when nothing was. */
export function leftText(left: readonly LeftOfPart[], { budget }: Pick<Settings, 'budget'>): string {
  const [one] = left;
  if (one === undefined) return '';
  const { partitions, bytes, because } = leftFacts(left);
  const reasons = Object.entries(because).map(
    ([why, count]) => `${formatCount(count)} ${reasonText(why, left, budget)}`,
  );
  const named = left.slice(0, namedOnes).map(({ queued: { part, date, bytes: size } }) => {
    const name = part.dataset.settings.dataset?.name;
    return `${name === undefined ? '' : `${name} `}${printable(partitionLabel(date))} (${formatSize(size)})`;
  });
  const more = left.length > namedOnes ? ', …' : '';
  return (
    `\nLeft for another run: ${counted(partitions, 'partition')} with ${formatSize(bytes)} to merge; ${reasons.join(', ')}\n` +
    `  first   ${named.join(', ')}${more}\n`
  );
}

function reasonText(why: string, left: readonly LeftOfPart[], budget: Settings['budget']): string {
  switch (why) {
    case 'max-duration':
      return 'would not have been done in the time of --max-duration';
    case 'max-bytes':
      return `had no room in --max-bytes (${formatSize(budget.maxBytes ?? 0)})`;
    case 'window': {
      const windows = left.flatMap(({ because, queued: { window } }) =>
        because === 'window' && window !== undefined ? [windowText(window)] : [],
      );
      return `outside of ${[...new Set(windows)].join(', ')}`;
    }
    default:
      return 'because the run was told to stop';
  }
}
