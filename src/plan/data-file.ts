import type { CandidateFile, FooterFacts } from './partition-plan.ts';

/** A candidate whose footer was read. */
export interface DataFile extends CandidateFile {
  readonly footer: FooterFacts;
}

/** True when the footer was read. */
export function isReadable(file: CandidateFile): file is DataFile {
  return !('unreadable' in file.footer);
}

/** True for files this program merged. */
export function isOurs(file: DataFile): boolean {
  return file.footer.ours !== undefined;
}

/** True for files this program folded and did not encode anew. */
export function isFolded(file: DataFile): boolean {
  return file.footer.folded !== undefined;
}

/**
 * The bytes a file counts with: its length, or for a file of ours what it was made of. Our output is smaller than
 * its input, so by length alone it would look small for ever and be merged again and again.
 */
export function countedSizeBytes(file: DataFile): number {
  const { ours, folded } = file.footer;
  return Math.max(file.sizeBytes, ours?.inputSizeBytes ?? 0, folded?.inputSizeBytes ?? 0);
}

/** Sum of `measure` over `items`. */
export function total<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((sum, item) => sum + measure(item), 0);
}
