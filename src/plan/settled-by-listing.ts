import { inNameOrder } from '../core/name-order.ts';
import { dateOf } from '../core/partition-key.ts';
import type { FileVerdict, PartitionPlan } from './partition-plan.ts';
import type { NotData, PartitionMarker, PlanInput } from './plan-input.ts';
import { durationText, timeText } from './sentences.ts';

/** What a plan says of the partition as a whole. */
export type Decision = Pick<PartitionPlan, 'decision' | 'rule' | 'reason' | 'qualifiesAtMs'>;

/** The part of the input that is known before any footer is read. */
export type ListingInput = Omit<PlanInput, 'candidates' | 'foreign'>;

/**
 * The plan of a partition that can be decided without reading one footer: absent, on hold, of a table format, of the
 * current day, or busy. `undefined` when the footers are needed.
 */
export function settledByListing(input: ListingInput): PartitionPlan | undefined {
  const decision = decideByListing(input);
  if (decision === undefined) return undefined;
  const { date, partitionPath, entries } = input.listing;
  const files = inNameOrder(entries).map(({ name, sizeBytes, notData }) => ({
    name,
    sizeBytes,
    ...(notData === undefined ? stopped(decision) : ignored(notData)),
  }));
  return { date, partitionPath, ...decision, bins: [], files };
}

/** The verdict for a data file that stays only because of what was decided for its partition. */
export function stopped(decision: Decision): Omit<FileVerdict, 'name' | 'sizeBytes'> {
  const rule = decision.decision === 'refuse' ? 'partition-refused' : decision.rule;
  return { verdict: 'keep', rule, reason: `Not merged now: ${decision.reason}` };
}

/** The verdict for an entry that is no data. */
export function ignored({ rule, reason }: NotData): Omit<FileVerdict, 'name' | 'sizeBytes'> {
  return { verdict: 'ignore', rule, reason };
}

function decideByListing({ listing, today, currentDayAllowed, onHold }: ListingInput): Decision | undefined {
  const { partitionPath, markers } = listing;
  const date = dateOf(listing.date);
  if (listing.absent) {
    return { decision: 'nothing', rule: 'absent', reason: `There is no partition ${partitionPath}` };
  }
  const table = markers.find((marker) => marker.kind === 'table-format');
  if (table !== undefined) return refusedTable(table);
  const within = markers.find((marker) => marker.kind === 'dataset-within');
  if (within !== undefined) return refusedWithin(within);
  if (onHold) {
    return {
      decision: 'nothing',
      rule: 'on-hold',
      reason: `${partitionPath} is on hold, because its last consolidation was undone; --force consolidates it again`,
    };
  }
  if (date >= today && !currentDayAllowed) {
    return {
      decision: 'wait',
      rule: 'current-day',
      reason:
        date === today
          ? `${date} is the current day, writers are at work; it qualifies when the day is over, or with --date today`
          : `${date} is in the future (today is ${today}); it qualifies when the day is over`,
    };
  }
  const busy = markers.find((marker) => marker.kind === 'busy');
  if (busy === undefined) return undefined;
  const age = durationText(listing.storeNowMs - busy.modifiedAtMs);
  return {
    decision: 'wait',
    rule: 'busy',
    reason:
      `${busy.path} belongs to ${busy.owner} (last changed ${timeText(busy.modifiedAtMs)}, ${age} ago); ` +
      'a later run will do this partition. If no such job is alive, delete it',
  };
}

/** Runs with different base paths have different workspaces: neither would see the other's lock. */
function refusedWithin(marker: PartitionMarker): Decision {
  return {
    decision: 'refuse',
    rule: 'dataset-within',
    reason:
      `${marker.path} shows that this partition is also consolidated with a base path further down; ` +
      'always name the same one. When nobody uses that one any more, and its backups are not needed, delete the directory',
  };
}

function refusedTable(marker: PartitionMarker): Decision {
  return {
    decision: 'refuse',
    rule: 'table-format',
    reason:
      `${marker.path} shows that ${marker.owner} keeps its own list of these files, which a merge would break; ` +
      'use its own compaction',
  };
}
