import { formatSize } from '../core/units.ts';
import { total } from './data-file.ts';
import type { Grouping } from './grouping.ts';
import type { PlanInput } from './plan-input.ts';
import type { PlanPolicy } from './policy.ts';
import { quietOf } from './quiet.ts';
import { countOf, durationText, timeText } from './sentences.ts';
import type { Decision } from './settled-by-listing.ts';

/**
 * The decision for a partition whose footers were read. A partition that is too young waits even when a footer cannot
 * be read: that file may just be in the making. One with nothing to merge never waits.
 */
export function decide(input: PlanInput, grouping: Grouping, policy: PlanPolicy): Decision {
  const unreadable = input.candidates.filter((file) => 'unreadable' in file.footer);
  if (grouping.bins.length === 0 && unreadable.length === 0) return nothing(input, grouping);

  const quiet = quietOf(input.listing, policy.quietMs);
  if (!quiet.isQuiet) {
    const age = durationText(input.listing.storeNowMs - quiet.changedAtMs);
    return {
      decision: 'wait',
      rule: 'quiet-period',
      reason:
        `${quiet.changedPath} changed ${timeText(quiet.changedAtMs)}, ${age} ago; the partition must lie still for ` +
        `${durationText(policy.quietMs)} (--quiet-minutes) and qualifies at ${timeText(quiet.qualifiesAtMs)}`,
      qualifiesAtMs: quiet.qualifiesAtMs,
    };
  }
  return refusedForUnreadable(input) ?? refusedForObstacle(input) ?? consolidate(grouping);
}

function consolidate({ bins }: Grouping): Decision {
  const files = bins.flat();
  const size = formatSize(total(files, (file) => file.sizeBytes));
  return {
    decision: 'consolidate',
    rule: 'small-files',
    reason: `${countOf(files.length, 'small file')} (${size}) become ${countOf(bins.length, 'file')}`,
  };
}

function refusedForUnreadable({ candidates, listing }: PlanInput): Decision | undefined {
  const unreadable = candidates
    .flatMap(({ name, footer }) => ('unreadable' in footer ? [{ name, why: footer.unreadable }] : []))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const first = unreadable[0];
  if (first === undefined) return undefined;
  const more = unreadable.length === 1 ? '' : ` (and ${countOf(unreadable.length - 1, 'other file')})`;
  return {
    decision: 'refuse',
    rule: 'unreadable-file',
    reason:
      `${listing.partitionPath}/${first.name} cannot be read${more}, so nothing in this partition is merged: ${first.why}. ` +
      'Repair it or move it out of the partition',
  };
}

/** What the swap would refuse is refused before anything is merged, so that a dry run says so too. */
function refusedForObstacle({ listing }: PlanInput): Decision | undefined {
  const obstacle = listing.obstacles[0];
  if (obstacle === undefined) return undefined;
  return {
    decision: 'refuse',
    rule: obstacle.rule,
    reason: `${obstacle.path} is in the way: ${obstacle.reason}`,
  };
}

function nothing({ listing }: PlanInput, { readable, cohorts }: Grouping): Decision {
  if (readable.length === 0) {
    return { decision: 'nothing', rule: 'no-data', reason: `${listing.partitionPath} holds no Parquet data` };
  }
  const small = total(cohorts, ({ cohort }) => cohort.files.length);
  const newSmall = total(cohorts, ({ packing }) => packing.leftNewFiles);
  const parts = [
    ...(readable.length > small ? [`${readable.length - small} large enough`] : []),
    ...(small > newSmall ? [`${small - newSmall} merged before`] : []),
    ...(newSmall > 0 ? [`${newSmall} small, too few or too large to merge with each other`] : []),
  ];
  return {
    decision: 'nothing',
    rule: 'nothing-to-merge',
    reason: `Nothing to merge among ${countOf(readable.length, 'data file')}: ${parts.join(', ')}`,
  };
}
