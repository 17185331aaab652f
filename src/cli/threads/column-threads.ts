import { availableParallelism } from 'node:os';
import type { LeafRange } from '../../parquet/merge/leaf-ranges.ts';
import type { ColumnThread, MergeOptions } from '../../parquet/merge/merge-request.ts';
import type { EngineThreads } from '../../pipeline/engine-threads.ts';
import type { InputFile } from '../../pipeline/open-inputs.ts';
import { beginInThread, type ThreadSettings } from './engine-thread.ts';

/** Below this a second thread costs more than it saves: it loads the program and reads all footers once more. */
const leastBytes = 64 * 1024 * 1024;
const leastBytesPerFile = 256 * 1024;
/** Each has a memory of its own, and columns are of very different sizes. */
const mostUnasked = 2;
/** Who says how much memory may be taken, and less than this, gets one thread. */
const leastMemoryBytes = 1024 * 1024 * 1024;

/** Merged bytes of a thread that wait to be written; beyond, it waits too. */
const ringBytes = 16 * 1024 * 1024;

/**
 * Threads for merging local files and verifying what became of them, when it is worth their while.
 * @param threads how many are wanted; undefined: two for much data in files that are not all small, if there are processors
 * @param memoryBytes what the process may take, where that was said
 */
export function columnThreads(
  files: readonly InputFile[],
  { threads: wanted, memoryBytes = leastMemoryBytes }: ThreadSettings,
): EngineThreads | undefined {
  const bytes = files.reduce((sum, { ref }) => sum + ref.sizeBytes, 0);
  const isWorthIt =
    memoryBytes >= leastMemoryBytes && bytes >= Math.max(leastBytes, files.length * leastBytesPerFile);
  const count = wanted ?? (isWorthIt ? Math.min(mostUnasked, availableParallelism()) : 1);
  if (count < 2) return undefined;
  return {
    count,
    begin: (range, options) => beginColumns(files, range, options),
    rowGroups: {
      count,
      begin: (work) => {
        const thread = beginInThread({ kind: 'row groups', work });
        return {
          finish: async () => {
            const message = await thread.hear();
            if (!('stretches' in message)) throw new Error('a thread that verifies says something else');
            return message.stretches;
          },
          stop: () => thread.stop(),
        };
      },
    },
  };
}

function beginColumns(files: readonly InputFile[], range: LeafRange, options: MergeOptions): ColumnThread {
  const { signal: _, onProgress: __, threads: ___, ...plain } = options;
  const ring = new Uint8Array(new SharedArrayBuffer(ringBytes));
  const thread = beginInThread({ kind: 'columns', files, range, options: plain, ring });
  const unexpected = (): Error => new Error('a thread merges other row groups than this one');
  let isTaken = true;
  const takeLast = (): void => {
    if (!isTaken) thread.tell('taken');
    isTaken = true;
  };
  return {
    next: async () => {
      takeLast();
      const message = await thread.hear();
      if (!('chunk' in message)) throw unexpected();
      isTaken = false;
      const { chunk, pages } = message;
      return {
        ...chunk,
        pages: 'copies' in pages ? pages.copies : [ring.subarray(pages.at, pages.at + pages.sizeBytes)],
      };
    },
    finish: async () => {
      takeLast();
      const message = await thread.hear();
      if (!('columns' in message)) throw unexpected();
      return message.columns;
    },
    stop: () => thread.stop(),
  };
}
