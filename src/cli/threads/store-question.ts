import type { ErrorCopy } from '../../core/error-copy.ts';
import type { FileRef, FileStatus, Placement } from '../../store/store.ts';

/**
 * What a thread asks of the store that the first thread has: that one holds the connections, the limits of what a cluster is asked,
 * and who asks. Files have numbers that the thread gives them. Plain data; bytes are transferred, not copied.
 */
export type StoreQuestion =
  | {
      readonly what: 'read';
      readonly file: number;
      /** Where the file is, which is opened at the first read. */
      readonly path: string;
      readonly ref: FileRef;
      readonly offsetBytes: number;
      readonly lengthBytes: number;
    }
  | { readonly what: 'close source'; readonly file: number }
  | {
      readonly what: 'create';
      readonly file: number;
      readonly path: string;
      readonly placement: Placement | undefined;
    }
  | { readonly what: 'write'; readonly file: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly what: 'close sink'; readonly file: number }
  | { readonly what: 'abort sink'; readonly file: number }
  | { readonly what: 'stat'; readonly path: string }
  | { readonly what: 'delete'; readonly path: string };

/** What it is told. */
export type StoreAnswer =
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly status: FileStatus | undefined }
  | { readonly isDone: boolean }
  | { readonly failure: ErrorCopy };
