import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Settings } from '../config/settings.ts';
import { type ErrorCopy, errorFromCopy } from '../core/error-copy.ts';
import type { ColumnFingerprint } from '../parquet/fingerprint.ts';
import type { LeafRange } from '../parquet/merge/leaf-ranges.ts';
import type {
  ColumnThread,
  ColumnThreads,
  DetachedChunk,
  MergeOptions,
} from '../parquet/merge/merge-request.ts';
import type { InputFile } from '../pipeline/open-inputs.ts';

/** What a thread is begun with. */
export interface ToColumnWorker {
  readonly files: readonly InputFile[];
  readonly range: LeafRange;
  /** Those that are plain data. */
  readonly options: MergeOptions;
}

/** What a thread says: chunk after chunk, then the fingerprints of its columns or why there are none. */
export type FromColumnWorker =
  | { readonly chunk: DetachedChunk }
  | { readonly columns: readonly ColumnFingerprint[] }
  | { readonly failure: ErrorCopy };

/** Below this a second thread costs more than it saves: it loads the program and reads all footers once more. */
const leastBytes = 64 * 1024 * 1024;
const leastBytesPerFile = 256 * 1024;
/** Each has a memory of its own, and columns are of very different sizes. */
const mostUnasked = 2;
/** Who says how much memory may be taken, and less than this, gets one thread. */
const leastMemoryBytes = 1024 * 1024 * 1024;

/**
 * Threads for merging local files, when it is worth their while.
 * @param threads how many are wanted; undefined: two for much data in files that are not all small, if there are processors
 * @param memoryBytes what the process may take, where that was said
 */
export function columnThreads(
  files: readonly InputFile[],
  { threads: wanted, memoryBytes = leastMemoryBytes }: Settings['consolidation'],
): ColumnThreads | undefined {
  const bytes = files.reduce((sum, { ref }) => sum + ref.sizeBytes, 0);
  const isWorthIt =
    memoryBytes >= leastMemoryBytes && bytes >= Math.max(leastBytes, files.length * leastBytesPerFile);
  const threads = wanted ?? (isWorthIt ? Math.min(mostUnasked, availableParallelism()) : 1);
  if (threads < 2) return undefined;
  return { count: threads, begin: (range, options) => begin(files, range, options) };
}

function begin(files: readonly InputFile[], range: LeafRange, options: MergeOptions): ColumnThread {
  const { signal: _, onProgress: __, threads: ___, ...plain } = options;
  // In the sources, in dist/ and in the bundle it lies beside this module.
  const module = import.meta.url.endsWith('.ts') ? './column-worker.ts' : './column-worker.js';
  const workerData: ToColumnWorker = { files, range, options: plain };
  const worker = new Worker(new URL(module, import.meta.url), { workerData });
  const said: FromColumnWorker[] = [];
  let failure: Error | undefined;
  let wake = (): void => {};
  worker.on('message', (message: FromColumnWorker) => {
    said.push(message);
    wake();
  });
  worker.on('error', (error) => {
    failure ??= error;
    wake();
  });
  worker.on('exit', (code) => {
    failure ??= new Error(`a thread that merges columns ended with ${code} before its work was done`);
    wake();
  });
  const hear = async (): Promise<FromColumnWorker> => {
    for (;;) {
      const message = said.shift();
      if (message !== undefined) return message;
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const unexpected = (message: FromColumnWorker): Error =>
    'failure' in message
      ? errorFromCopy(message.failure)
      : new Error('a thread merges other row groups than this one');
  return {
    next: async () => {
      const message = await hear();
      if (!('chunk' in message)) throw unexpected(message);
      worker.postMessage(message.chunk.compressedSizeBytes);
      return message.chunk;
    },
    finish: async () => {
      const message = await hear();
      if (!('columns' in message)) throw unexpected(message);
      return message.columns;
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}
