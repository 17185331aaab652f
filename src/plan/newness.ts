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

/**
 * True for a new file that has waited for others for longer than the policy lets it. Not in mode fold: a folded file with ever more
 * dead footers in it is no gain, and an ordinary run sees to such a file.
 */
export function isOverdueAt(nowMs: number, file: DataFile, policy: PlanPolicy): boolean {
  const { maxAgeMs } = policy.late;
  return (
    maxAgeMs > 0 &&
    policy.mode === 'rewrite' &&
    !isSettled(file, policy) &&
    nowMs - file.modifiedAtMs >= maxAgeMs
  );
}
