import { countedSizeBytes, type DataFile, isFolded, isOurs, total } from './data-file.ts';
import { minimumFiles, type PlanPolicy } from './policy.ts';

/**
 * True for files that are no reason to do anything: merged ones, and where files are only folded, folded ones. To a
 * rewrite a folded file is as new as the files it was made of.
 */
export function isSettled(file: DataFile, policy: PlanPolicy): boolean {
  return isOurs(file) || (policy.mode === 'fold' && isFolded(file));
}

/** True when the new files among these are enough to do something: so many, or one that is folded. */
export function areWorthwhile(files: readonly DataFile[], policy: PlanPolicy): boolean {
  const fresh = files.filter((file) => !isSettled(file, policy));
  return fresh.some(isFolded) || fresh.length >= minimumFiles(policy);
}

/**
 * The largest settled file of a bin whose new files are too few, or too small, to write it again with them; else none.
 */
export function burdenOf(bin: readonly DataFile[], policy: PlanPolicy): DataFile | undefined {
  const settled = bin.filter((file) => isSettled(file, policy));
  if (settled.length === 0) return undefined;
  const fresh = bin.filter((file) => !isSettled(file, policy));
  // A folded file stands for the files it was made of.
  const newFiles = total(fresh, (file) => file.footer.folded?.inputFiles ?? 1);
  // To fold a folded file again costs nothing; a merged one will have to be encoded anew.
  const oursBytes = total(settled.filter(isOurs), countedSizeBytes);
  const isEnough =
    newFiles >= minimumFiles(policy) && total(fresh, countedSizeBytes) >= policy.newShare * oursBytes;
  if (isEnough) return undefined;
  return settled.reduce((largest, file) =>
    countedSizeBytes(file) > countedSizeBytes(largest) ? file : largest,
  );
}
