import { formatSize } from '../core/units.ts';
import type { Placement } from '../store/store.ts';
import type { Quota } from '../store/survey.ts';
import { type DataFile, total } from './data-file.ts';
import type { PlanInput } from './plan-input.ts';
import type { PlanPolicy } from './policy.ts';
import { countOf } from './sentences.ts';
import type { Decision } from './settled-by-listing.ts';
import { mostStoredBytes, reservedBytes, storedBytes } from './striping.ts';

/** What a run needs beside what is there already, at the moment at which it needs most: before anything is replaced. */
export interface RoomNeeded {
  /** Files and directories. */
  readonly names: number;
  /** Bytes of all copies. */
  readonly spaceBytes: number;
  /** Of those, bytes by storage type. */
  readonly byType: ReadonlyMap<string, number>;
}

/** Names for lock, journal, receipt and directories, and those in the middle of being renamed. */
const namesOfRun = 12;

/** Tails of one bin beyond its first: one for about so many files, whose paths fill a request. */
const filesPerTail = 400;

/** Names that a partition itself holds at most beside what was there: the file that is folded into, and a tail. */
const namesInPartition = 2;

/**
 * What these bins need in the workspace. All of them are staged before the first is swapped. The merged file counts as long
 * as its inputs; and HDFS wants room for a whole block of every file that is being written, however short it will be
 * (`FSDirWriteFileOp.addBlock`): also of the run's own, whose blocks may be larger than those of the data.
 */
export function roomNeeded(
  bins: readonly (readonly DataFile[])[],
  policy: PlanPolicy,
  ownFiles?: Placement,
): RoomNeeded {
  const byType = new Map<string, number>();
  let names = namesOfRun;
  let spaceBytes = 0;
  const perCopy = policy.mode === 'fold' ? 0 : policy.copiesInputs ? 2 : 1;
  const add = (bytes: number, placement: Placement | undefined): void => {
    spaceBytes += bytes;
    for (const [type, share] of sharesOf(placement))
      byType.set(type, (byType.get(type) ?? 0) + bytes * share);
  };
  for (const files of bins) {
    const placement = files[0]?.placement;
    const footers = total(files, (file) => file.footer.footerSizeBytes);
    names += perCopy + 2 + Math.floor(files.length / filesPerTail);
    const merged = storedBytes(
      total(files, (file) => file.sizeBytes),
      placement,
    );
    add(merged * perCopy + mostStoredBytes(footers, placement), placement);
  }
  const largest = bins
    .flat()
    .reduce((most, { placement }) => Math.max(most, placement?.blockSizeBytes ?? 0), 0);
  const [first] = bins[0] ?? [];
  if (first?.placement !== undefined) {
    const written = { ...first.placement, blockSizeBytes: largest };
    const own = ownFiles && { ...first.placement, ...ownFiles };
    // Its own files are written before and after those, one at a time.
    const forData = reservedBytes(written) * Math.max(1, perCopy);
    const forOwn = reservedBytes(own);
    add(...(forOwn > forData ? ([forOwn, own] as const) : ([forData, written] as const)));
  }
  return { names, spaceBytes, byType };
}

/** Which part of what is stored lies on which storage type; an erasure-coded file is taken for one copy. */
function sharesOf(placement: Placement | undefined): readonly (readonly [string, number])[] {
  const copies = placement?.erasureCoding === undefined ? Math.max(1, placement?.replication ?? 1) : 1;
  return typesOf(placement, copies).map(([type, ofThem]) => [type, ofThem / copies]);
}

/** Copies by storage type, for the storage policies of HDFS (`BlockStoragePolicySuite`). */
function typesOf(placement: Placement | undefined, copies: number): readonly (readonly [string, number])[] {
  const others = copies - 1;
  switch (placement?.storagePolicy) {
    case 'COLD':
      return [['ARCHIVE', copies]];
    case 'WARM':
      return [
        ['DISK', 1],
        ['ARCHIVE', others],
      ];
    case 'ALL_SSD':
      return [['SSD', copies]];
    case 'ONE_SSD':
      return [
        ['SSD', 1],
        ['DISK', others],
      ];
    case 'LAZY_PERSIST':
      return [
        ['RAM_DISK', 1],
        ['DISK', others],
      ];
    case 'PROVIDED':
      return [
        ['PROVIDED', 1],
        ['DISK', others],
      ];
    case 'ALL_NVDIMM':
      return [['NVDIMM', copies]];
    default:
      return [['DISK', copies]];
  }
}

/** The refusal of a plan that a quota leaves no room for, before anything is written; undefined when there is room. */
export function refusedForQuota(
  { quotas = [], ownFiles, listing: { partitionPath } }: Pick<PlanInput, 'quotas' | 'ownFiles' | 'listing'>,
  bins: readonly (readonly DataFile[])[],
  policy: PlanPolicy,
): Decision | undefined {
  const needed = roomNeeded(bins, policy, ownFiles);
  for (const quota of quotas) {
    const { path, of, limit, used } = quota;
    const free = Math.max(0, limit - used);
    const need =
      path === partitionPath
        ? // Its quota is not that of the workspace: what comes to lie in it is made elsewhere.
          of === 'names'
          ? namesInPartition
          : 0
        : of === 'names'
          ? needed.names
          : of === 'space'
            ? needed.spaceBytes
            : (needed.byType.get(of) ?? 0);
    if (free >= need) continue;
    return {
      decision: 'refuse',
      rule: 'quota-too-small',
      reason: of === 'names' ? namesText(path, limit, free, need) : spaceText(quota, free, need, policy),
    };
  }
  return undefined;
}

function namesText(path: string, limit: number, free: number, need: number): string {
  return (
    `the name quota of ${path} leaves ${free} of ${countOf(limit, 'name')}, and ${need} are needed before any goes away; ` +
    'raise it (hdfs dfsadmin -setQuota), or delete backups past their retention (cleanup)'
  );
}

function spaceText({ path, of, limit }: Quota, free: number, need: number, policy: PlanPolicy): string {
  const what = of === 'space' ? `space quota of ${path}` : `quota of ${path} for ${of}`;
  const option = of === 'space' ? '' : ` -storageType ${of}`;
  const instead =
    policy.mode === 'fold'
      ? ''
      : `, use --mode fold, which needs room for a block only${policy.copiesInputs ? ', or do without the backup (safety.backup_before_delete)' : ''}`;
  return (
    `the ${what} leaves ${formatSize(free)} of ${formatSize(limit)}, and up to ${formatSize(need)} are needed at a time ` +
    `(all copies counted, and a whole block of each file that is being written); raise it (hdfs dfsadmin ` +
    `-setSpaceQuota${option}), delete backups past their retention (cleanup)${instead}`
  );
}
