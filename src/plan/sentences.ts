import { formatSize } from '../core/units.ts';
import type { Placement } from '../store/store.ts';
import { type Cohort, endingOf, traitsOf } from './cohorts.ts';
import { countedSizeBytes, type DataFile, isFolded, isOurs, total } from './data-file.ts';
import { isOverdueAt, isSettled } from './newness.ts';
import { minimumFiles, minimumLateFiles, type PlanPolicy, smallBelowBytes } from './policy.ts';

/** `1 file`, `21 files`. */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A length of time in its largest sensible unit: `45 s`, `12 min`, `3.5 h`, `2 days`; rounded down. */
export function durationText(durationMs: number): string {
  const seconds = Math.floor(Math.max(0, durationMs) / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 360) / 10} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** A point in time as `2025-08-15T19:13:20Z`. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** `below 96M (0.75 of the target of 128M)`. */
export function thresholdText(policy: PlanPolicy): string {
  return `${formatSize(smallBelowBytes(policy))} (${policy.smallShare} of the target of ${formatSize(policy.targetSizeBytes)})`;
}

/** How a file of ours came to be: `made of 21 files (630K) by run …`, `folded from …`. */
export function originText(file: DataFile): string {
  const { ours, folded } = file.footer;
  const making = folded ?? ours;
  if (making === undefined) return `${formatSize(file.sizeBytes)} long`;
  const how = folded === undefined ? 'made of' : 'folded from';
  return `${how} ${countOf(making.inputFiles, 'file')} (${formatSize(making.inputSizeBytes)}) by run ${making.runId}`;
}

/** What the sentences about a bin's files say of the bin. */
export interface BinSummary {
  readonly index: number;
  readonly files: number;
  readonly newFiles: number;
  readonly newBytes: number;
  /** Of a bin that is done only since new files have waited for too long: how long the first of them has. */
  readonly overdueForMs?: number;
  /** Schemas of its files. */
  readonly schemas: number;
}

/** The summary of a bin, made once for all its files. */
export function summaryOf(
  bin: readonly DataFile[],
  index: number,
  policy: PlanPolicy,
  nowMs: number,
): BinSummary {
  const fresh = bin.filter((file) => !isSettled(file, policy));
  const schemas = new Set(bin.map((file) => file.footer.schemaKey)).size;
  const newBytes = total(fresh, countedSizeBytes);
  return {
    index,
    files: bin.length,
    newFiles: fresh.length,
    newBytes,
    ...overdueOf(bin, fresh, policy, nowMs),
    schemas,
  };
}

function overdueOf(
  bin: readonly DataFile[],
  fresh: readonly DataFile[],
  policy: PlanPolicy,
  nowMs: number,
): Pick<BinSummary, 'overdueForMs'> {
  const ours = bin.filter(isOurs);
  const rowsOf = ({ footer }: DataFile): number => footer.rows;
  const isDueAnyway =
    ours.length === 0
      ? fresh.length >= minimumFiles(policy)
      : fresh.length >= minimumLateFiles(policy) &&
        total(fresh, rowsOf) >= policy.late.minRowShare * total(ours, rowsOf);
  const overdue = isDueAnyway ? [] : fresh.filter((file) => isOverdueAt(nowMs, file, policy));
  if (overdue.length === 0) return {};
  return { overdueForMs: Math.max(...overdue.map(({ modifiedAtMs }) => nowMs - modifiedAtMs)) };
}

/** Why a file in a bin is merged. */
export function mergeText(file: DataFile, bin: BinSummary, policy: PlanPolicy): string {
  const schemas = bin.schemas === 1 ? '' : ` (${bin.schemas} schemas that one can hold)`;
  const others = `${countOf(bin.files - 1, 'other file')}${schemas} into bin ${bin.index}`;
  const isFold = policy.mode === 'fold';
  if (isFolded(file) && !isFold) {
    const company = bin.files === 1 ? `alone, as bin ${bin.index}` : `with ${others}`;
    return `It was ${originText(file)} and not yet encoded anew, which is worth it at any size: merged ${company}`;
  }
  const [done, doing] = isFold ? ['folded', 'folding'] : ['merged', 'merging'];
  const overdue =
    bin.overdueForMs === undefined
      ? ''
      : ` that waited for others for ${durationText(bin.overdueForMs)}, longer than ${maxAgeText(policy)}`;
  if (!isSettled(file, policy)) {
    const late = overdue === '' ? '' : `, among ${countOf(bin.newFiles, 'new file')}${overdue}`;
    return `${formatSize(file.sizeBytes)}, below ${thresholdText(policy)}${late}: ${done} with ${others}`;
  }
  const verb = bin.newFiles === 1 ? 'makes' : 'make';
  return (
    `It was ${originText(file)}; ${countOf(bin.newFiles, 'new file')} (${formatSize(bin.newBytes)})${overdue} ` +
    `${verb} it worth ${doing} again, with ${others}`
  );
}

function maxAgeText({ late }: PlanPolicy): string {
  return `${durationText(late.maxAgeMs)} (late_data.max_age_days)`;
}

/** How the wait of new files that are too few ends by itself, as the end of a sentence; empty where it does not. */
function patienceText(policy: PlanPolicy): string {
  if (policy.late.maxAgeMs === 0 || policy.mode === 'fold') return '';
  return `; beside merged files one is enough once it is older than ${maxAgeText(policy)}, if there is room for it`;
}

/** Why a folded file is not folded again. */
export function alreadyFoldedText(file: DataFile): string {
  return `Already folded: it was ${originText(file)}. An ordinary run, without --mode fold, encodes it anew`;
}

/** Why a file is large enough as it is. */
export function largeText(file: DataFile, policy: PlanPolicy): string {
  const size =
    file.footer.ours === undefined
      ? `${formatSize(file.sizeBytes)}`
      : `It was ${originText(file)} and counts with ${formatSize(countedSizeBytes(file))}`;
  return `${size}, not below ${thresholdText(policy)}: large enough as it is`;
}

/** Why a file of ours is not written again. */
export function ownFileText(file: DataFile, policy: PlanPolicy): string {
  const { minRowShare } = policy.late;
  const needed = Math.ceil(minRowShare * file.footer.rows);
  return (
    `It was ${originText(file)}; it is merged again only together with at least ` +
    `${countOf(minimumLateFiles(policy), 'new small file')} of its schema and attributes that have ${countOf(needed, 'row')} ` +
    `(late_data.min_share of ${minRowShare}) and fit into one bin with it${patienceText(policy)}`
  );
}

/**
 * Why the new files of a cohort stay: there are too few of them.
 * @param others some of those that were not counted
 * @param isConsolidated whether there are merged files in the partition
 */
export function belowMinimumText(
  newFiles: number,
  cohort: Cohort,
  others: readonly Cohort[],
  policy: PlanPolicy,
  isConsolidated: boolean,
): string {
  const verb = newFiles === 1 ? 'has' : 'share';
  const which = others.length === 0 ? '' : ` ${verb} this schema, owner, group and mode`;
  const apart = others.map(
    (other) => `${countOf(other.files.length, 'small file')} (${differences(cohort, other)})`,
  );
  return (
    `Only ${countOf(newFiles, 'new small file')}${which}; ${minimumFiles(policy)} are needed (--min-files)` +
    `${isConsolidated ? patienceText(policy) : ''}${apart.length === 0 ? '' : `. Not counted, because merged apart: ${apart.join(', ')}`}`
  );
}

/** Why the new files that no bin took stay: there are too few of them. */
export function leftOverText(newFiles: number, policy: PlanPolicy): string {
  return (
    `The bins are filled, and ${countOf(newFiles, 'small file')} left over: ` +
    `${minimumFiles(policy)} are needed for another merge (--min-files)${patienceText(policy)}`
  );
}

/** Why a small file stays although there are enough others. */
export function noPartnerText(file: DataFile, policy: PlanPolicy): string {
  return (
    `${formatSize(file.sizeBytes)}, ${countOf(file.footer.rowGroups, 'row group')}: with a neighbour in name order it would ` +
    `exceed what one bin may hold (${formatSize(policy.targetSizeBytes)}, ${policy.maxRowGroupsPerBin} row groups, ` +
    `${formatSize(policy.maxFooterTailBytes)} of footer)`
  );
}

function differences(a: Cohort, b: Cohort): string {
  const one = a.files[0];
  const other = b.files[0];
  const parts: string[] = [...otherSchema(a, b), ...otherMetadata(a, b)];
  if (endingOf(one.name) !== endingOf(other.name)) {
    parts.push(`${endingText(other.name)} instead of ${endingText(one.name)}`);
  }
  if (one.owner !== other.owner) parts.push(`owner ${other.owner} instead of ${one.owner}`);
  if (one.group !== other.group) parts.push(`group ${other.group} instead of ${one.group}`);
  if (one.mode !== other.mode) parts.push(`mode ${octal(other.mode)} instead of ${octal(one.mode)}`);
  parts.push(...otherPlacement(one.placement, other.placement));
  if (parts.length === 0) parts.push('another ACL');
  return parts.join(', ');
}

/** Contradictions named in a sentence. */
const contradictionsNamed = 2;

function otherSchema(a: Cohort, b: Cohort): string[] {
  const one = a.files[0];
  const other = b.files[0];
  const isSame = one.footer.schemaKey === other.footer.schemaKey;
  if (a.isExact) return isSame ? [] : ['another schema'];
  const [mine, theirs] = [traitsOf(one), traitsOf(other)];
  const isContested = (thing: string): boolean => a.contested.has(thing) || b.contested.has(thing);
  const things = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].filter(
    (thing) => isContested(thing) && mine[thing] !== theirs[thing],
  );
  if (things.length === 0) return [];
  const texts = things
    .filter((thing) => thing !== '')
    .slice(0, contradictionsNamed)
    .map((thing) => `${thing} ${sayingText(theirs[thing])} instead of ${sayingText(mine[thing])}`);
  if (texts.length === 0) return ['another schema'];
  // Of one schema, what they differ in is metadata.
  const what = isSame ? '' : 'another schema: ';
  return [`${what}${texts.join('; ')}${things.length > texts.length ? '; …' : ''}`];
}

function sayingText(value: string | undefined): string {
  return value === undefined ? 'absent' : value;
}

/** Which metadata tells readers to make other values of the same schema. */
function otherMetadata(a: Cohort, b: Cohort): string[] {
  const { reading: one = {}, adaptable = [] } = a.files[0].footer;
  const { reading: other = {} } = b.files[0].footer;
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  return keys
    .filter((key) => one[key] !== other[key] && (a.isExact || !adaptable.includes(key)))
    .map((key) => `another ${key} in the footer`);
}

function otherPlacement(one: Placement | undefined, other: Placement | undefined): string[] {
  const parts: string[] = [];
  if (one?.replication !== other?.replication) {
    parts.push(`${copiesText(other)} instead of ${copiesText(one)}`);
  }
  if (one?.storagePolicy !== other?.storagePolicy) {
    parts.push(
      `storage policy ${other?.storagePolicy ?? 'default'} instead of ${one?.storagePolicy ?? 'default'}`,
    );
  }
  return parts;
}

function copiesText(placement: Placement | undefined): string {
  return placement === undefined ? 'no stated replication' : `replication ${placement.replication}`;
}

function endingText(name: string): string {
  const ending = endingOf(name);
  return ending === '' ? 'names that do not end in .parquet' : `names ending in ${ending}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
