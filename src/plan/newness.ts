import { type DataFile, isFolded, isOurs } from './data-file.ts';
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
