import type { Rooms } from '../kernel/rooms.ts';
import type { MemoryLimits } from '../memory-limits.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import { type RowGroupExtent, rowGroupExtent } from '../read/row-group-extent.ts';
import {
  isAtHand,
  movingRowGroup,
  type RowGroupWindows,
  releaseRowGroup,
  wholeRowGroup,
  wholeRowGroupNow,
} from '../read/row-group-windows.ts';
import { isEverything, type LeafRange } from './leaf-ranges.ts';
import type { MergeInput } from './merge-request.ts';
import type { OutputRowGroup, RowSlice } from './output-row-groups.ts';

/** A source row group that is being merged. */
export interface SourceRowGroup {
  /** Names it among those of all inputs. */
  readonly key: string;
  /** Position of the input it is of. */
  readonly input: number;
  readonly file: string;
  readonly number: number;
  readonly rowGroup: RowGroup;
  readonly windows: RowGroupWindows;
}

/** Rows of a source row group, there to be merged. */
export interface LoadedSlice {
  readonly rows: number;
  readonly isLast: boolean;
  readonly from: SourceRowGroup;
}

/** An output row group, there to be merged. */
export interface LoadedRowGroup {
  readonly rows: number;
  readonly slices: readonly LoadedSlice[];
  /** See {@link OutputRowGroup}. */
  readonly isCopied: boolean;
}

/** Reads source row groups in the order in which they are needed, some of them before they are. */
export interface SourceRowGroups {
  /** The next output row group with its sources open; undefined after the last. */
  next(): Promise<LoadedRowGroup | undefined>;
  /** Gives back what the slices of an output row group held that no later one needs. */
  release(slices: readonly LoadedSlice[]): void;
  /** Ends all reading; resolves when nothing is being read any more. */
  stop(): Promise<void>;
}

/** Most reads at a time. */
const readsAtOnce = 32;
/** Most slices that are looked at before they are needed. */
const slicesAheadMost = 4096;
/** Least bytes of a window on a column chunk. */
const leastStepBytes = 64 * 1024;
/** Most of them: what was fetched is there twice until it is copied. */
const mostStepBytes = 8 * 1024 * 1024;

interface Ahead {
  readonly extent: RowGroupExtent;
  readonly bytes: Promise<Uint8Array>;
}

/**
 * Row groups of the inputs for the output row groups of a plan.
 * @param range the leaves that will be read
 */
export function sourceRowGroups(
  rooms: Rooms,
  inputs: readonly MergeInput[],
  plan: Iterable<OutputRowGroup>,
  limits: MemoryLimits,
  range: LeafRange,
): SourceRowGroups {
  const open = new Map<string, SourceRowGroup>();
  const ahead = new Map<string, Ahead>();
  // Output row groups that were looked at and not yet given out.
  const planned: OutputRowGroup[] = [];
  const slicesAhead = slicesOf(plan, planned);
  let next = slicesAhead.next();
  // Slices that were begun, and slices that were loaded: the same ones in the same order.
  let begun = 0;
  let loaded = 0;
  let aheadBytes = 0;
  let reading = 0;
  let isStopped = false;

  const placeOf = (slice: RowSlice): { input: MergeInput; rowGroup: RowGroup; key: string } => {
    const key = `${slice.input}/${slice.rowGroup}`;
    const input = inputs[slice.input];
    const rowGroup = input?.footer.rowGroups[slice.rowGroup];
    if (input === undefined || rowGroup === undefined) throw new Error(`no row group ${key}`);
    return { input, rowGroup, key };
  };

  // Begins to read the row group of the next slice, unless that is done already or it is read column by column.
  const beginNext = (slice: RowSlice): void => {
    begun++;
    next = slicesAhead.next();
    const { input, rowGroup, key } = placeOf(slice);
    if (ahead.has(key) || open.has(key)) return;
    // Nothing is gained by reading ahead what is read without waiting.
    if (isAtHand(input.source)) return;
    const extent = extentOf(rowGroup);
    if (!isReadWhole(extent)) return;
    aheadBytes += extent.sizeBytes;
    reading++;
    const bytes = input.source.read(extent.startOffsetBytes, extent.sizeBytes);
    ahead.set(key, { extent, bytes });
    const done = (): void => {
      reading--;
      fill();
    };
    // A failure is told to whoever waits for the bytes.
    bytes.then(done, done);
  };

  const extentOf = (rowGroup: RowGroup): RowGroupExtent =>
    isEverything(range) ? rowGroupExtent(rowGroup) : rowGroupExtent(rowGroup, range.from, range.to);

  const isReadWhole = ({ isDense, sizeBytes }: RowGroupExtent): boolean =>
    isDense && sizeBytes > 0 && sizeBytes <= limits.wholeRowGroupBytes;

  const fill = (): void => {
    while (!isStopped && reading < readsAtOnce && aheadBytes < limits.aheadBytes) {
      // A footer that lies about its rows makes slices without end.
      if (next.done || begun - loaded >= slicesAheadMost) return;
      beginNext(next.value);
    }
  };

  const loadOne = async (slice: RowSlice): Promise<SourceRowGroup> => {
    if (begun === loaded) beginNext(slice);
    loaded++;
    const { input, rowGroup, key } = placeOf(slice);
    const known = open.get(key);
    if (known !== undefined) return known;
    const coming = ahead.get(key);
    const { source, footer } = input;
    const extent = isAtHand(source) ? extentOf(rowGroup) : undefined;
    const share = Math.floor(limits.windowBytes / Math.max(1, footer.leaves.length));
    const step = Math.min(mostStepBytes, share);
    const windows =
      isAtHand(source) && extent !== undefined && isReadWhole(extent)
        ? wholeRowGroupNow(rooms, source, extent)
        : coming === undefined
          ? movingRowGroup(source, Math.max(leastStepBytes, step))
          : wholeRowGroup(rooms, source, coming.extent, await coming.bytes);
    const result = { key, input: slice.input, file: footer.file, number: slice.rowGroup, rowGroup, windows };
    open.set(key, result);
    if (coming !== undefined) {
      ahead.delete(key);
      aheadBytes -= coming.extent.sizeBytes;
      fill();
    }
    return result;
  };

  return {
    next: async () => {
      fill();
      const output = planned.shift();
      if (output === undefined) return undefined;
      const slices: LoadedSlice[] = [];
      for (const slice of output.slices) {
        slices.push({ rows: slice.rows, isLast: slice.isLast, from: await loadOne(slice) });
      }
      return { rows: output.rows, slices, isCopied: output.isCopied };
    },
    release: (slices) => {
      for (const { isLast, from } of slices) {
        if (!isLast) continue;
        releaseRowGroup(rooms, from.windows);
        open.delete(from.key);
      }
    },
    stop: async () => {
      isStopped = true;
      await Promise.allSettled([...ahead.values()].map(({ bytes }) => bytes));
    },
  };
}

// The slices of a plan; an output row group is put into `planned` when its first slice is.
function* slicesOf(
  plan: Iterable<OutputRowGroup>,
  planned: OutputRowGroup[],
): Generator<RowSlice, undefined> {
  for (const output of plan) {
    planned.push(output);
    yield* output.slices;
  }
  return undefined;
}
