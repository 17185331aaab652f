import type { SortTerm } from '../core/sort-order-text.ts';
import type { FileRef } from '../store/store.ts';

/** What was compared for one leaf column, and found equal. All values as text, so that it is plain JSON. */
export interface VerifiedColumn {
  readonly path: string;
  readonly values: number;
  readonly nulls: number;
  /** 16 hex digits over definition and repetition levels, in order. */
  readonly levelDigest: string;
  /** 16 hex digits over logical values, in order. */
  readonly valueDigest: string;
}

/** The proof that a staged file holds exactly its inputs. Kept as JSON in the journal and the receipt. */
export interface VerificationReceipt {
  readonly rows: number;
  readonly rowGroups: number;
  /**
   * full: every value decoded from the staged bytes again. counts: bytes, row counts and schema only
   * (`verify_integrity: false`).
   */
  readonly level: 'full' | 'counts';
  /** SHA-256 of the file, 64 hex digits: the bytes that were written and the bytes that were read back. */
  readonly sha256: string;
  readonly columns: readonly VerifiedColumn[];
  /** Of a file whose rows were sorted: by what, and a sum over whole rows in any order, 32 hex digits. */
  readonly sorted?: { readonly by: readonly SortTerm[]; readonly rowSum: string };
  /** What independent readers looked at; absent at level counts. */
  readonly sample?: {
    readonly reader: string;
    readonly rows: number;
    readonly columns: number;
    /** Columns that no reader could be asked about, each with the reason. */
    readonly notRead: readonly string[];
  };
}

declare const verified: unique symbol;

/** A staged file that was read back and found equal to its inputs. Only `verify/` makes one; the swap takes nothing else. */
export interface VerifiedFile {
  readonly [verified]: true;
  /** Full path of the staged file. */
  readonly stagedPath: string;
  readonly ref: FileRef;
  readonly receipt: VerificationReceipt;
}
