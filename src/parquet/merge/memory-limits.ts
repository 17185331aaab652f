/** How much memory a merge takes, besides the output column chunk it is at. */
export interface MemoryLimits {
  /** Source row groups up to this many stored bytes are read whole, larger ones column by column. */
  readonly wholeRowGroupBytes: number;
  /** Bytes that are fetched before they are needed. */
  readonly aheadBytes: number;
  /** Bytes of the windows on the column chunks of one large row group, all together. */
  readonly windowBytes: number;
  /** Bytes of decoded pages that are kept where an output row group ends inside them; others are decoded again. */
  readonly keptPageBytes: number;
}

const mib = 1024 * 1024;

/** What goes with a process of 512 MB. */
export const defaultMemoryLimits: MemoryLimits = {
  wholeRowGroupBytes: 8 * mib,
  aheadBytes: 24 * mib,
  windowBytes: 32 * mib,
  keptPageBytes: 64 * mib,
};
