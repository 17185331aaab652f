import type { Room, Rooms } from '../kernel/rooms.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ValueBlock } from '../value-block.ts';

/** A decoded page of a leaf column, and where it comes from. A `PageReader` is one, of the page it is at. */
export interface DecodedPage {
  readonly rooms: Rooms;
  /** What the levels and values are those of. */
  readonly leaf: LeafColumn;
  /** Level entries. */
  readonly entryCount: number;
  /** Values that are not null. */
  readonly presentCount: number;
  /** Definition levels, a byte each, when the leaf has any. */
  readonly definition: Room;
  /** Repetition levels, a byte each, when the leaf has any. */
  readonly repetition: Room;
  /** The definition level that all entries of a leaf without repetition share, or -1: `definition` is filled only then. */
  readonly constantDefinition: number;
  /** Whether the values are `indices` into `dictionary`; else they are `values`. */
  readonly usesDictionary: boolean;
  /** An i32 each. */
  readonly indices: Room;
  readonly dictionary: {
    readonly block: ValueBlock;
    /** Of the entries, 8 bytes each. */
    readonly hashes: Room;
    /** A new number means other entries. */
    readonly generation: number;
  };
  readonly values: ValueBlock;
  /** Hashes of `values`, 8 bytes each, when the page does not use the dictionary. */
  readonly hashes: Room;
  readonly file: string;
  readonly rowGroup: number;
  /** Entries of the column chunk behind this page; of an evolved column, of the chunk it is made of. */
  readonly entriesLeft: number;
}
