import type { FileRef, FileStatus } from '../../store/store.ts';

/** The same bytes: a closed file of the same id and length. Attributes may have been set since. */
export function sameContent(ref: FileRef, found: FileStatus): boolean {
  return found.fileId === ref.fileId && found.sizeBytes === ref.sizeBytes;
}
