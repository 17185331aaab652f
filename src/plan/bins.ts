import { dropBurden, emptyBin, isWorthwhile, putIfFits } from './bin-filling.ts';
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
 */
export function packCohort(files: readonly DataFile[], policy: PlanPolicy): Packing {
  const bins: (readonly DataFile[])[] = [];
  const merged = new Set<DataFile>();
  let pool = files;
  let fresh = pool.filter((file) => !isSettled(file, policy));
  while (areWorthwhile(fresh, policy)) {
    const packed = packOnce(pool, policy);
    if (packed.length === 0) break;
    bins.push(...packed);
    for (const file of packed.flat()) merged.add(file);
    fresh = fresh.filter((file) => !merged.has(file));
    pool = fresh;
  }

  const tooFew = bins.length === 0 ? 'below-minimum' : 'left-over';
  const newRule: LeftRule = fresh.length < minimumFiles(policy) ? tooFew : 'no-partner';
  const left = new Map<DataFile, LeftRule>();
  for (const file of files) {
    if (merged.has(file)) continue;
    left.set(file, isOurs(file) ? 'own-file' : isFolded(file) ? 'already-folded' : newRule);
  }
  return { bins, left, leftNewFiles: fresh.length };
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
