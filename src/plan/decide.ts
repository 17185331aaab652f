import { inNameOrder } from '../core/name-order.ts';
import { formatSize } from '../core/units.ts';
import { isFolded, isOurs, total } from './data-file.ts';
import type { Grouping } from './grouping.ts';
import type { PlanInput } from './plan-input.ts';
import type { PlanPolicy } from './policy.ts';
import { quietOf } from './quiet.ts';
import { refusedForQuota } from './room.ts';
import { countOf, durationText, timeText } from './sentences.ts';
import type { Decision } from './settled-by-listing.ts';

/**
 * The decision for a partition whose footers were read. A partition that is too young waits even when a footer cannot
 * be read: that file may just be in the making. One with nothing to merge never waits.
 */
export function decide(input: PlanInput, grouping: Grouping, policy: PlanPolicy): Decision {
  const unreadable = input.candidates.filter((file) => 'unreadable' in file.footer);
  if (grouping.bins.length === 0 && unreadable.length === 0) return nothing(input, grouping, policy);

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
  return (
    refusedForUnreadable(input) ??
    refusedForObstacle(input, grouping) ??
    refusedForQuota(input, grouping.bins, policy) ??
    consolidate(grouping, policy)
  );
}

function consolidate({ bins }: Grouping, { mode }: PlanPolicy): Decision {
  const files = bins.flat();
  const size = formatSize(total(files, (file) => file.sizeBytes));
  const outputs = countOf(bins.length, 'file');
  if (mode === 'fold') {
    return {
      decision: 'consolidate',
      rule: 'small-files',
      reason: `${countOf(files.length, 'small file')} (${size}) are folded into ${outputs}; no data is read or moved`,
    };
  }
  const folded = files.filter(isFolded);
  if (folded.length === files.length) {
    const verb = files.length === 1 ? 'is' : 'are';
    return {
      decision: 'consolidate',
      rule: 'folded-files',
      reason: `${countOf(files.length, 'folded file')} (${size}) ${verb} encoded anew as ${outputs}`,
    };
  }
  const small = folded.length === 0 ? 'small file' : 'small or folded file';
  return {
    decision: 'consolidate',
    rule: 'small-files',
    reason: `${countOf(files.length, small)} (${size}) become ${outputs}`,
  };
}

function refusedForUnreadable({ candidates, listing }: PlanInput): Decision | undefined {
  const unreadable = inNameOrder(
    candidates.flatMap(({ name, footer }) =>
      'unreadable' in footer ? [{ name, why: footer.unreadable }] : [],
    ),
  );
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
function refusedForObstacle({ listing }: PlanInput, { bins }: Grouping): Decision | undefined {
  if (listing.obstacles.length === 0) return undefined;
  const inputs = new Set(bins.flat().map(({ name }) => `${listing.partitionPath}/${name}`));
  const concerned = listing.obstacles.filter(
    ({ path, onlyAsInput }) => onlyAsInput !== true || inputs.has(path),
  );
  const first = concerned[0];
  if (first === undefined) return undefined;
  const more = concerned.length === 1 ? '' : ` (and ${concerned.length - 1} more)`;
  return {
    decision: 'refuse',
    rule: first.rule,
    reason: `${first.path} is in the way${more}: ${first.reason}`,
  };
}

function nothing({ listing }: PlanInput, grouping: Grouping, { mode }: PlanPolicy): Decision {
  const { readable, cohorts } = grouping;
  if (readable.length === 0) {
    return { decision: 'nothing', rule: 'no-data', reason: `${listing.partitionPath} holds no Parquet data` };
  }
  const small = cohorts.flatMap(({ cohort }) => cohort.files);
  const merged = small.filter(isOurs).length;
  const newSmall = total(cohorts, ({ packing }) => packing.leftNewFiles);
  // Only where files are folded: to a rewrite they are never nothing.
  const folded = readable.filter(isFolded).length;
  const large = readable.length - merged - newSmall - folded;
  const parts = [
    ...(large > 0 ? [`${large} large enough`] : []),
    ...(merged > 0 ? [`${merged} merged before`] : []),
    ...(folded > 0 ? [`${folded} already folded, which an ordinary run encodes anew`] : []),
    ...(newSmall > 0 ? [`${newSmall} small, too few or too large to ${verbOf(mode)} with each other`] : []),
  ];
  return {
    decision: 'nothing',
    rule: 'nothing-to-merge',
    reason: `Nothing to ${verbOf(mode)} among ${countOf(readable.length, 'data file')}: ${parts.join(', ')}`,
  };
}

function verbOf(mode: PlanPolicy['mode']): string {
  return mode === 'fold' ? 'fold' : 'merge';
}
