import type { ScratchSpace } from '../../core/scratch-space.ts';
import type { Rooms } from '../kernel/rooms.ts';
import type { ChunkBuilder } from '../merge/chunk-builder.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import { gatherRuns, type RunReader } from './gather-runs.ts';
import { rowLayoutOf } from './permuted-content.ts';
import { nextRows, runMerge, type StretchLimits } from './run-merge.ts';
import { appendColumn, appendKeys, blockRowsFor, emptyRun, runWriter, type SortedRun } from './sorted-run.ts';

/** Most runs that are merged at once: of each a block of keys is in memory, and two blocks are decoded for nothing. */
const mostRuns = 32;

/** What runs are joined with. */
export interface RunJoin {
  readonly rooms: Rooms;
  readonly scratch: ScratchSpace;
  readonly leaves: readonly LeafColumn[];
  readonly builder: ChunkBuilder;
  readonly reader: RunReader;
  readonly limits: StretchLimits;
  readonly signal: AbortSignal | undefined;
}

/**
 * Merges neighbouring runs into longer ones until there are few enough to be merged at once; they keep their order.
 * @throws StoreError when there is no room
 */
export function joinRuns(runs: readonly SortedRun[], join: RunJoin): readonly SortedRun[] {
  let left = runs;
  while (left.length > mostRuns) {
    const longer: SortedRun[] = [];
    for (let i = 0; i < left.length; i += mostRuns) longer.push(joined(left.slice(i, i + mostRuns), join));
    left = longer;
  }
  return left;
}

function joined(
  runs: readonly SortedRun[],
  { rooms, scratch, leaves, builder, reader, limits, signal }: RunJoin,
): SortedRun {
  const writer = runWriter(rooms, scratch);
  const run = emptyRun(leaves);
  const merge = runMerge(scratch, runs);
  for (let rows = nextRows(merge, limits, true); rows !== undefined; rows = nextRows(merge, limits, true)) {
    const inOrder = new Uint32Array(rows.rows);
    for (let row = 0; row < rows.rows; row++) inOrder[row] = row;
    const { keys } = rows;
    if (keys === undefined) throw new Error('rows were merged without their keys');
    const blockRows = blockRowsFor(rows.rows, keys.bytes.length, rows.loadBytes);
    appendKeys(writer, run, { ...keys, origins: rows.origins }, inOrder, blockRows);
    for (const leaf of leaves) {
      signal?.throwIfAborted();
      const content = gatherRuns(reader, builder, leaf, rows.slices, false);
      const layout = rowLayoutOf(rooms.kernel.memory, content, rows.rows);
      appendColumn(writer, run, content, layout, rows.order, blockRows);
    }
  }
  return run;
}
