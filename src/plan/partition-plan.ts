import type { FileAttributes, FileRef, Placement } from '../store/store.ts';
import type { SizingDecision } from './choose-size.ts';

/** What the footer of a data file says that planning needs. Plain data. */
export interface FooterFacts {
  readonly rows: number;
  readonly rowGroups: number;
  readonly columnChunks: number;
  readonly footerSizeBytes: number;
  /** What the row groups take of it. */
  readonly rowGroupBytes: number;
  /** Equal for two files exactly when their schemas are equal, byte for byte per schema element. */
  readonly schemaKey: string;
  /**
   * A digest of each key-value pair that says how values are to be read (`ARROW:schema` and the like), by key. Absent
   * when there is none.
   */
  readonly reading?: Readonly<Record<string, string>>;
  /**
   * What may not differ between files that are merged although their schemas do, by what it is about, such as `column speed`. Files
   * that say nothing different of the same thing can be merged; of what a file does not speak it does not matter. Absent: only with
   * files of the same schema.
   */
  readonly traits?: Readonly<Record<string, string>>;
  /** Keys of `reading` that a merge of such files adapts, as far as `traits` allows. */
  readonly adaptable?: readonly string[];
  /** Set on files this program merged. */
  readonly ours?: Making;
  /** Set on files this program folded: their row groups are still those of the files they were made of. */
  readonly folded?: Making;
}

/** How a file of this program came to be. */
export interface Making {
  /** Bytes of the small files it was made of. */
  readonly inputSizeBytes: number;
  readonly inputFiles: number;
  readonly runId: string;
}

/** A data file of the partition, with its footer or the reason why it has none to offer. */
export interface CandidateFile extends FileRef, FileAttributes {
  /** Where the store has a choice. */
  readonly placement?: Placement;
  readonly footer: FooterFacts | { readonly unreadable: string };
}

/** What will happen to one entry of the partition directory. */
export interface FileVerdict {
  readonly name: string;
  readonly sizeBytes: number;
  /** merge: goes into a bin. keep: data, left as it is. ignore: not data. refuse: stops the partition. */
  readonly verdict: 'merge' | 'keep' | 'ignore' | 'refuse';
  /** Stable kebab-case name of the rule that decided, e.g. `already-large`, `hidden-name`. */
  readonly rule: string;
  /** A sentence a person can act on. */
  readonly reason: string;
  /** The bin it goes into, when it is merged. */
  readonly binIndex?: number;
}

/** How the schemas of a bin's files differ. */
export interface BinEvolution {
  /** How many there are. */
  readonly schemas: number;
  /** Columns that not all files have: their rows get nulls. In byte order; at most 20. */
  readonly columnsAdded: readonly string[];
}

/** The files merged into one output. */
export interface Bin {
  readonly index: number;
  /** In byte order of their names; at least two, or one folded file that is to be encoded anew. */
  readonly inputs: readonly FileRef[];
  /** That of the first input. */
  readonly schemaKey: string;
  /** Set when the inputs are of several schemas. */
  readonly evolution?: BinEvolution;
  readonly attributes: FileAttributes;
  /** How the inputs are kept, where the store has a choice; of their block sizes the largest. */
  readonly placement?: Placement;
  readonly rows: number;
  /** Length of the inputs. */
  readonly sizeBytes: number;
  /** Bytes of the small files the inputs stand for: their length, or for files of ours what those were made of. */
  readonly inputSizeBytes: number;
}

/** What is to be done with one partition, decided before anything is done. Plain JSON. */
export interface PartitionPlan {
  /** Key of the partition: `partitionKey`. */
  readonly date: string;
  /** Full path of the partition directory. */
  readonly partitionPath: string;
  /**
   * consolidate: `bins` is not empty. nothing: no bin is worth it (or the partition is absent). wait: too young
   * or busy, a later run will do it. refuse: something here must be settled by a person first.
   */
  readonly decision: 'consolidate' | 'nothing' | 'wait' | 'refuse';
  /** Things a person should look at, which keep nobody from doing what was decided. */
  readonly warnings?: readonly string[];
  /** Stable kebab-case name of the rule that decided. */
  readonly rule: string;
  /** A sentence a person can act on. */
  readonly reason: string;
  /** When a partition that must wait will qualify, in milliseconds since 1970, if that is known. */
  readonly qualifiesAtMs?: number;
  readonly bins: readonly Bin[];
  /** How large files are made, where the program chose that. */
  readonly sizing?: SizingDecision;
  /** One verdict for every entry of the directory, in byte order of names. */
  readonly files: readonly FileVerdict[];
}
