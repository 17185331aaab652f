import { dateOf } from '../../core/partition-key.ts';
import { isMergedName } from '../../partition/names.ts';
import type { SwapReceipt } from '../../swap/journal.ts';

const hourMs = 3_600_000;
/** Hours that count as they are: a day before the date, and 60 days after it began. What lies beyond counts as the last. */
const leastHour = -24;
const mostHour = 60 * 24;

/**
 * When the new files of a consolidation were last written: by hours from the beginning of their date (UTC, rounded down), how many.
 * Files of this program do not count. Undefined where the receipt does not tell the date.
 */
export function arrivalsOf({
  date: key,
  removed,
}: SwapReceipt): Readonly<Record<string, number>> | undefined {
  const beginMs = Date.parse(`${dateOf(key)}T00:00:00Z`);
  if (Number.isNaN(beginMs)) return undefined;
  const counts = new Map<number, number>();
  for (const { name, modifiedAtMs } of removed) {
    if (isMergedName(name)) continue;
    const hour = Math.floor((modifiedAtMs - beginMs) / hourMs);
    const counted = Math.min(mostHour, Math.max(leastHour, hour));
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b).map(([hour, count]) => [`${hour}`, count]));
}
