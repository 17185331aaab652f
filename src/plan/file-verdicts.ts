import { inNameOrder } from '../core/name-order.ts';
import { type DataFile, isFolded } from './data-file.ts';
import type { Grouping, PackedCohort } from './grouping.ts';
import type { FileVerdict } from './partition-plan.ts';
import type { PlanInput } from './plan-input.ts';
import type { PlanPolicy } from './policy.ts';
import {
  alreadyFoldedText,
  type BinSummary,
  belowMinimumText,
  largeText,
  leftOverText,
  mergeText,
  noPartnerText,
  ownFileText,
  summaryOf,
} from './sentences.ts';
import { type Decision, ignored, stopped } from './settled-by-listing.ts';

/** A verdict before it is tied to its entry. */
type Ruling = Omit<FileVerdict, 'name' | 'sizeBytes'>;

/** One verdict for every entry of the partition, in byte order of names. */
export function fileVerdicts(
  input: PlanInput,
  grouping: Grouping,
  decision: Decision,
  policy: PlanPolicy,
): readonly FileVerdict[] {
  const rulings = new Map<string, Ruling>([
    ...grouping.readable.map((file) => ruled(file, largeFile(file, policy))),
    ...grouping.cohorts.flatMap((packed) => leftFiles(packed, grouping, policy)),
    ...grouping.bins.flatMap((bin, binIndex) => {
      if (decision.decision !== 'consolidate') return bin.map((file) => ruled(file, stopped(decision)));
      const summary = summaryOf(bin, binIndex, policy, input.listing.storeNowMs);
      return bin.map((file) => ruled(file, merged(file, summary, policy)));
    }),
    ...input.candidates.flatMap(({ name, footer }): [string, Ruling][] =>
      'unreadable' in footer ? [[name, unreadable(footer.unreadable, decision)]] : [],
    ),
    ...input.foreign.map((foreign): [string, Ruling] => [foreign.name, ignored(foreign)]),
  ]);
  const reasons = new Map<string, string>();
  return inNameOrder(input.listing.entries).map(({ name, sizeBytes, notData }) => {
    const ruling = notData === undefined ? rulings.get(name) : ignored(notData);
    if (ruling === undefined) throw new TypeError(`planning was given no footer for the listed file ${name}`);
    return { name, sizeBytes, ...ruling, reason: onlyOnce(reasons, ruling.reason) };
  });
}

/** An equal sentence that was there before, if one was: of tens of thousands of files, most have the same to be said of them. */
function onlyOnce(known: Map<string, string>, sentence: string): string {
  const before = known.get(sentence);
  if (before === undefined) known.set(sentence, sentence);
  return before ?? sentence;
}

function ruled(file: DataFile, ruling: Ruling): [string, Ruling] {
  return [file.name, ruling];
}

function largeFile(file: DataFile, policy: PlanPolicy): Ruling {
  if (isFolded(file)) return { verdict: 'keep', rule: 'already-folded', reason: alreadyFoldedText(file) };
  return { verdict: 'keep', rule: 'already-large', reason: largeText(file, policy) };
}

function merged(file: DataFile, bin: BinSummary, policy: PlanPolicy): Ruling {
  const { ours, folded } = file.footer;
  const rule =
    folded !== undefined ? 'folded-file' : ours !== undefined ? 'own-file-with-new-data' : 'small-file';
  return { verdict: 'merge', rule, reason: mergeText(file, bin, policy), binIndex: bin.index };
}

function unreadable(why: string, decision: Decision): Ruling {
  return {
    verdict: decision.decision === 'refuse' ? 'refuse' : 'keep',
    rule: 'unreadable-file',
    reason: `Its footer cannot be read: ${why}`,
  };
}

/** How many other cohorts a reason names. */
const cohortsNamed = 3;

function leftFiles(
  packed: PackedCohort,
  { cohorts, isConsolidated }: Grouping,
  policy: PlanPolicy,
): [string, Ruling][] {
  const { cohort, packing } = packed;
  if (packing.left.size === 0) return [];
  // Not all of them: where every file is of its own schema there are thousands.
  const others = cohorts
    .slice(0, cohortsNamed + 1)
    .filter((one) => one !== packed)
    .slice(0, cohortsNamed)
    .map((one) => one.cohort);
  const tooFew = belowMinimumText(packing.leftNewFiles, cohort, others, policy, isConsolidated);
  return [...packing.left].map(([file, rule]) => {
    const reason = {
      'below-minimum': () => tooFew,
      'left-over': () => leftOverText(packing.leftNewFiles, policy),
      'no-partner': () => noPartnerText(file, policy),
      'own-file': () => ownFileText(file, policy),
      'already-folded': () => alreadyFoldedText(file),
    }[rule]();
    return ruled(file, { verdict: 'keep', rule, reason });
  });
}
