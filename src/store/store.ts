import type { ByteSink } from '../core/byte-sink.ts';
import type { ByteSource } from '../core/byte-source.ts';
import type { Survey } from './survey.ts';

/** Who may do what with a file or directory. */
export interface FileAttributes {
  /** User name, or the numeric uid as text where the store knows no names. */
  readonly owner: string;
  /** Group name, or the numeric gid as text. */
  readonly group: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  /** Extended ACL entries in the store's own notation; empty when there are none or the store has none. */
  readonly acl: readonly string[];
}

/** How a store keeps the bytes of a file, where there is a choice (HDFS). */
export interface Placement {
  /** Preferred block size. */
  readonly blockSizeBytes: number;
  /** Number of copies. */
  readonly replication: number;
  /** Name of the storage policy in effect for the file, such as `HOT`; absent when it is the store's default. */
  readonly storagePolicy?: string;
  /** Name of the erasure coding policy; absent for files that are replicated. A file is given that of its directory. */
  readonly erasureCoding?: string;
}

/** One directory entry as the store describes it. */
export interface FileStatus extends FileAttributes {
  /** Full path within the store, `/`-separated, no trailing slash. */
  readonly path: string;
  /** Last component of the path. */
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  /** Milliseconds since 1970, by the store's clock. */
  readonly modifiedAtMs: number;
  /**
   * Identity of the file, kept by renames, never shared by two files that exist at the same time:
   * HDFS fileId; `inode:birth time` locally (no device number: it may change when a disk is mounted again, and
   * journals and receipts outlive that).
   */
  readonly fileId: string;
  /** Of files, where the store has a choice. */
  readonly placement?: Placement;
  /** Of files, when the store does not keep their bytes as they are (HDFS). */
  readonly keptAs?: 'erasure-coded' | 'encrypted';
  /** Of files that are erasure-coded: the name of the policy. */
  readonly erasureCoding?: string;
}

/** What tells one generation of a file from another; every later look at the file is held against it. */
export interface FileRef {
  readonly name: string;
  readonly fileId: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** What a store can do beyond the common operations. A swap chooses its way by these. */
export interface StoreAbilities {
  /** Every call crosses a network. */
  readonly remote?: boolean;
  /** N files become one in one transaction (`concat`), and a rename may replace a file atomically (`replaceFile`). */
  readonly fold: boolean;
  /**
   * Most bytes that the paths of all sources of one `concat` may have together, each counted as
   * `encodeQueryValue(path).length + 1`; absent where there is no limit.
   */
  readonly concatPathBytes?: number;
  /** A second name for a file's bytes (`hardLink`), so that a directory can be built anew without copying. */
  readonly hardLink: boolean;
  /**
   * A directory is replaced by renames, and the files in it that stay are moved along between these: for stores without
   * hard links, where whoever runs the program has said that the directory may be gone for a moment.
   */
  readonly moveAlong?: boolean;
  /**
   * How long a reader's listing of a directory may go on after the directory was renamed (it then still goes through the
   * old one); for so long a directory that was swapped out is left as it is. 0 or absent where listings go by path.
   */
  readonly listingGraceMs?: number;
}

/** A stretch of names, by the bytes of their UTF-8. */
export interface NameRange {
  /** Names up to this one lie before it. */
  readonly after: string;
  /** The last name in it. */
  readonly upTo: string;
}

/** Something that keeps files from being folded, found before anything is done. */
export interface FoldObstacle {
  /** Full path of the file or directory. */
  readonly path: string;
  /** Stable kebab-case name of the case, e.g. `comma-in-name`, `erasure-coded`, `encryption-zone`, `in-snapshot`. */
  readonly rule: string;
  /** A sentence a person can act on. */
  readonly reason: string;
  /** True when it also keeps the directory from being replaced by renames. */
  readonly stopsRename: boolean;
}

/**
 * A file system that partitions live in. Paths are absolute within the store. Every method rejects with a
 * `StoreError` that names the operation and the full path. Mutations are durable when they resolve. A
 * mutation whose reply was lost rejects with `outcomeUnknown`: the caller looks (`stat`) and then decides; nothing
 * here repeats a mutation on its own.
 */
export interface Store {
  /** What messages put before a path: `file:`, `hdfs://host:8020`. */
  readonly uri: string;
  readonly abilities: StoreAbilities;

  /** The store's own time in milliseconds since 1970; ages of files and locks are measured by it, never by ours. */
  nowMs(): Promise<number>;
  /**
   * The entries of a directory in byte order of their names; `undefined` when there is no such directory. With `range`
   * all that lie in it, and others only where that costs nothing.
   */
  list(directory: string, range?: NameRange): Promise<readonly FileStatus[] | undefined>;
  /** The entry at `path`, not following links; `undefined` when there is none. */
  stat(path: string): Promise<FileStatus | undefined>;
  /** Opens a file for reading, pinned to the generation in `expected`: a read rejects once the file is another. */
  open(path: string, expected: FileRef): Promise<ByteSource>;

  /** Creates a directory and its missing parents; no error when it exists. `mode` is for directories made here. */
  makeDirectory(path: string, mode: number): Promise<void>;
  /**
   * Creates a new file for writing; rejects (`code: 'exists'`) when the name is taken. Once the sink is closed, the store
   * has proof that it holds the very bytes that were written. `placement` is for stores that have a choice.
   */
  create(path: string, placement?: Placement): Promise<ByteSink>;
  /**
   * Renames a file or directory. Never overwrites and never moves into an existing directory: rejects with
   * `code: 'exists'` when the destination is there, `code: 'not-found'` when the source is not.
   */
  rename(from: string, to: string): Promise<void>;
  /** Gives the file at `from` a second name `to` (ability `hardLink`); rejects with `code: 'exists'` like rename. */
  hardLink(from: string, to: string): Promise<void>;
  /**
   * Appends the bytes of `sources`, in their order, to the file `target` and removes the sources, all in one transaction
   * (ability `fold`; HDFS CONCAT). All lie in one directory; `target` keeps its fileId. Rejects with `not-found` when one
   * is not there and with `concat-refused` when the store will not; nothing has changed then.
   */
  concat(target: string, sources: readonly string[]): Promise<void>;
  /**
   * Renames the file `from` to `to`, in the place of the file that has that name, in one transaction (ability `fold`;
   * HDFS RENAME with OVERWRITE). Everything but the name is that of `from`. `not-found` when there is no `from`;
   * `changed`, and nothing is, when `replacedId` is given and the file named `to` is not the one of this fileId.
   */
  replaceFile(from: string, to: string, replacedId?: string): Promise<void>;
  /**
   * What keeps these files of one directory, as `list` has just told them, from being swapped; empty when nothing is
   * known. `workspace` is the directory that staged files come from and originals go to.
   */
  foldObstacles?(
    directory: string,
    files: readonly FileStatus[],
    workspace: string,
  ): Promise<readonly FoldObstacle[]>;
  /** Deletes one file. Resolves to false when there was none. */
  deleteFile(path: string): Promise<boolean>;
  /** Deletes a directory and everything below it; resolves to false when there was none. */
  deleteDirectory(path: string): Promise<boolean>;
  /** Deletes a directory that has no entries, in one step; resolves to false when there is none or it is not empty. */
  removeEmptyDirectory(path: string): Promise<boolean>;
  /** Sets mode, group and owner (and ACL where there is one); rejects when one of them cannot be set. */
  setAttributes(path: string, attributes: FileAttributes): Promise<void>;
  /** Sets the modification time to the store's now. */
  touch(path: string): Promise<void>;
  /**
   * Whether something stands between this store and its files that may not do all that the store does (HttpFS, Knox).
   * @param path of a file that is not there; it is not made
   */
  isGateway?(path: string): Promise<boolean>;
  /**
   * To be called before a swap begins: sees to it that what proves who asks does not end in the middle of it. Rejects
   * with a `StoreError` when it would. Absent where nobody is asked for a proof.
   */
  assureForSwap?(): Promise<void>;
  /** Gives back what the store was given for as long as it is used. Never rejects; to be called once, at the end. */
  close?(): Promise<void>;
  /** Where the store is more than a directory: what it says of itself and of places. */
  readonly survey?: Survey;
}

/** The generation facts of a status. */
export function refOf(status: FileStatus): FileRef {
  return {
    name: status.name,
    fileId: status.fileId,
    sizeBytes: status.sizeBytes,
    modifiedAtMs: status.modifiedAtMs,
  };
}

/** True when both are the same generation of the same file. */
export function sameGeneration(a: FileRef, b: FileRef): boolean {
  return a.fileId === b.fileId && a.sizeBytes === b.sizeBytes && a.modifiedAtMs === b.modifiedAtMs;
}
