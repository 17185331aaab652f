import { compareNames } from '../core/name-order.ts';
import { type BinFilling, dropBurden, emptyBin, isWorthwhile, putIfFits } from './bin-filling.ts';
import { type DataFile, isFolded, isOurs } from './data-file.ts';
import { areWorthwhile, isSettled } from './newness.ts';
import { minimumFiles, type PlanPolicy } from './policy.ts';

/** Why a small file goes into no bin. */
export type LeftRule = 'below-minimum' | 'own-file' | 'already-folded' | 'left-over' | 'no-partner';

/** How the small files of one cohort are put into bins. */
export interface Packing {
  /** Each in the order of the given files; at least two files each, or one folded file that is encoded anew. */
  readonly bins: readonly (readonly DataFile[])[];
  readonly left: ReadonlyMap<DataFile, LeftRule>;
  /** New files (neither merged nor folded by this program) in no bin. */
  readonly leftNewFiles: number;
}

/**
 * Packs the small files of one cohort, given in name order, into bins no larger than the policy allows.
 *
 * Bins are filled in name order, so each covers a stretch of names. What the first pass leaves over is packed again,
 * without the files of ours, until nothing more fits together: that is why a second run finds nothing to do.
 * When bins are encoded anew, a folded file always finds one, if need be alone.
 * @param isOverdue whether a new file has waited for so long that it is merged however few there are: into a file of ours or a
 *   bin that has room for it, or else with other new ones. Absent: none has
 */
export function packCohort(
  files: readonly DataFile[],
  policy: PlanPolicy,
  isOverdue?: (file: DataFile) => boolean,
): Packing {
  let bins: (readonly DataFile[])[] = [];
  let fresh = files.filter((file) => !isSettled(file, policy));
  let pool = files;
  const withoutMerged = (): void => {
    const merged = new Set(bins.flat());
    fresh = fresh.filter((file) => !merged.has(file));
    pool = fresh;
  };
  for (;;) {
    while (areWorthwhile(fresh, policy)) {
      const packed = packOnce(pool, policy);
      if (packed.length === 0) break;
      bins.push(...packed);
      withoutMerged();
    }
    const more = isOverdue && packOverdue(bins, files, policy, isOverdue);
    if (more === undefined) break;
    bins = [...more];
    withoutMerged();
  }
  const merged = new Set(bins.flat());

  const tooFew = bins.length === 0 ? 'below-minimum' : 'left-over';
  const newRule: LeftRule = fresh.length < minimumFiles(policy) ? tooFew : 'no-partner';
  const left = new Map<DataFile, LeftRule>();
  for (const file of files) {
    if (merged.has(file)) continue;
    left.set(file, isOurs(file) ? 'own-file' : isFolded(file) ? 'already-folded' : newRule);
  }
  return { bins, left, leftNewFiles: fresh.length };
}

/**
 * Finds a place for the overdue files among those in no bin: the first file of ours, or bin, with room for it; new files that
 * are not overdue come along where there is room. What finds none is packed with other new files. Undefined when that changes nothing.
 */
function packOverdue(
  bins: readonly (readonly DataFile[])[],
  files: readonly DataFile[],
  policy: PlanPolicy,
  isOverdue: (file: DataFile) => boolean,
): (readonly DataFile[])[] | undefined {
  const merged = new Set(bins.flat());
  const left = files.filter((file) => !merged.has(file));
  const fresh = left.filter((file) => !isSettled(file, policy));
  const overdue = fresh.filter(isOverdue);
  if (overdue.length === 0) return undefined;
  const places = [...bins, ...left.filter(isOurs).map((file) => [file])]
    .toSorted((a, b) => compareNames(a[0]?.name ?? '', b[0]?.name ?? ''))
    .map((inputs) => ({ filling: filled(inputs, policy), takesMore: false }));
  const placed = new Set<DataFile>();
  for (const file of overdue) {
    const place = places.find(({ filling }) => putIfFits(filling, file));
    if (place === undefined) continue;
    place.takesMore = true;
    placed.add(file);
  }
  const open = places.filter(({ takesMore }) => takesMore);
  for (const file of fresh) {
    if (!placed.has(file) && open.some(({ filling }) => putIfFits(filling, file))) placed.add(file);
  }
  const rest = packOnce(
    fresh.filter((file) => !placed.has(file)),
    policy,
  ).filter((bin) => bin.some(isOverdue));
  if (placed.size + rest.length === 0) return undefined;
  const position = new Map(files.map((file, i) => [file, i]));
  const grown = places
    .map(({ filling }) => [...filling.files])
    .filter((inputs) => inputs.length > 1 || inputs.some((file) => merged.has(file)))
    .map((inputs) => inputs.toSorted((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0)));
  return [...grown, ...rest];
}

function filled(files: readonly DataFile[], policy: PlanPolicy): BinFilling {
  const bin = emptyBin(policy);
  for (const file of files) putIfFits(bin, file);
  return bin;
}

function packOnce(pool: readonly DataFile[], policy: PlanPolicy): (readonly DataFile[])[] {
  const bins: (readonly DataFile[])[] = [];
  let next = 0;
  while (next < pool.length) {
    const bin = emptyBin(policy);
    // What goes makes room for more.
    do {
      for (let file = pool[next]; file !== undefined && putIfFits(bin, file); file = pool[next]) next++;
    } while (dropBurden(bin));
    if (isWorthwhile(bin)) bins.push([...bin.files]);
  }
  return bins;
}
