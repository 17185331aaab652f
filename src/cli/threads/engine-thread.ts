import { Worker } from 'node:worker_threads';
import type { Settings } from '../../config/settings.ts';
import { type ErrorCopy, errorFromCopy } from '../../core/error-copy.ts';
import type { LogFields, LogLevel } from '../../core/log.ts';
import { bytesPerMb } from '../../core/units.ts';
import type { ColumnFingerprint } from '../../parquet/fingerprint.ts';
import type { LeafRange } from '../../parquet/merge/leaf-ranges.ts';
import type { DetachedChunk, MergeOptions } from '../../parquet/merge/merge-request.ts';
import type { BinStore, BinWork, RowGroupsBefore } from '../../pipeline/bin-at-work.ts';
import type { InputFile } from '../../pipeline/open-inputs.ts';
import type { WrittenFile } from '../../pipeline/write-merged.ts';
import type { VerifiedFile } from '../../verify/verified-file.ts';
import type { RowGroupWork, VerifiedStretch } from '../../verify/verify-row-groups.ts';
import type { StoreAnswer, StoreQuestion } from './store-question.ts';

/** How many threads may be taken, and of how much memory. */
export type ThreadSettings = Pick<Settings['consolidation'], 'threads' | 'memoryBytes'>;

/** What a thread is given to do. Plain data. */
export type ThreadWork =
  | {
      readonly kind: 'columns';
      readonly files: readonly InputFile[];
      readonly range: LeafRange;
      /** Those that are plain data. */
      readonly options: MergeOptions;
      /** Where the merged chunks are put, for the other thread to write. */
      readonly ring: Uint8Array<SharedArrayBuffer>;
    }
  | { readonly kind: 'row groups'; readonly work: RowGroupWork }
  | {
      readonly kind: 'bin';
      readonly work: BinWork;
      /** A store that is asked by way of the first thread; absent: the files of this machine. */
      readonly store: Pick<BinStore, 'uri' | 'abilities'> | undefined;
      /** By which it may take further threads for a large bin of local files. */
      readonly settings: ThreadSettings;
    };

/**
 * What it is told: work to begin; that the oldest chunk it sent was taken; of a bin to write it, and to verify what was written,
 * and what the store answers.
 */
export type ToThread =
  | { readonly begin: ThreadWork }
  | 'taken'
  | 'write'
  | { readonly verify: WrittenFile }
  | { readonly answer: StoreAnswer; readonly number: number };

/** What it says: of columns chunk after chunk, of a bin how far it is, then what was found or why nothing was. */
export type FromThread = SentChunk | BinNews | ThreadResult;

/** What a thread says while it is at work on a bin. */
export type BinNews =
  | { readonly ask: StoreQuestion; readonly number: number }
  | { readonly far: readonly [done: number, total: number] }
  | { readonly log: LogLevel; readonly message: string; readonly fields: LogFields | undefined }
  | { readonly written: WrittenFile & RowGroupsBefore };

/** A chunk whose bytes lie in the ring, or come with it when they are too many for it. */
export interface SentChunk {
  readonly chunk: Omit<DetachedChunk, 'pages'>;
  readonly pages:
    | { readonly at: number; readonly sizeBytes: number }
    | { readonly copies: readonly Uint8Array[] };
}

/** The last that a thread says of its work. */
export type ThreadResult =
  | { readonly columns: readonly ColumnFingerprint[] }
  | { readonly stretches: readonly VerifiedStretch[] }
  | { readonly verified: VerifiedFile }
  | { readonly failure: ErrorCopy };

/** A thread at work. */
export interface EngineThread {
  /** The next message. @throws what the work there threw */
  hear(): Promise<Exclude<FromThread, { failure: ErrorCopy }>>;
  /** Tells it something; the buffers are transferred. */
  tell(message: Exclude<ToThread, { begin: ThreadWork }>, buffers?: readonly ArrayBuffer[]): void;
  /** Ends the work, at any time and more than once: a thread that has merged its columns, or a small bin, waits for more, others end. */
  stop(): Promise<void>;
}

/** A thread and what it has said that nobody has heard yet. */
interface Hand {
  readonly worker: Worker;
  said: FromThread[];
  failure: Error | undefined;
  isDone: boolean;
  wake: () => void;
}

/** Threads without work: they have the program loaded, and compiled what they need of it. */
const idle: Hand[] = [];
const mostIdle = 8;

/** Of bins beyond this the memory that their thread has grown to is given back with it. */
const smallBinBytes = 16 * bytesPerMb;

function staysAfter(work: ThreadWork): boolean {
  if (work.kind === 'columns') return true;
  if (work.kind === 'row groups') return false;
  return work.work.files.reduce((sum, { ref }) => sum + ref.sizeBytes, 0) <= smallBinBytes;
}

/** Ends the threads that wait for work, whose memory somebody needs. */
export async function endIdleThreads(): Promise<void> {
  await Promise.all(idle.splice(0).map(({ worker }) => worker.terminate()));
}

/** Begins work in a thread: in one that waits for some, else in a new one. */
export function beginInThread(work: ThreadWork): EngineThread {
  const hand = idle.pop() ?? hire();
  hand.said = [];
  hand.isDone = false;
  hand.worker.ref();
  tell(hand, { begin: work }, []);
  let isStopped = false;
  return {
    hear: async () => {
      for (;;) {
        const message = hand.said.shift();
        if (message !== undefined) {
          if ('failure' in message) throw errorFromCopy(message.failure);
          return message;
        }
        if (hand.failure !== undefined) throw hand.failure;
        await new Promise<void>((resolve) => {
          hand.wake = resolve;
        });
      }
    },
    tell: (message, buffers) => tell(hand, message, buffers),
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      // After the row groups come second readers, which need memory; its own is given back only by its end.
      const mayStay = staysAfter(work) && idle.length < mostIdle;
      if (mayStay && hand.isDone && hand.failure === undefined) {
        // It waits, and keeps no process alive.
        hand.worker.unref();
        idle.push(hand);
      } else {
        await hand.worker.terminate();
      }
    },
  };
}

function tell({ worker }: Hand, message: ToThread, buffers: readonly ArrayBuffer[] = []): void {
  worker.postMessage(message, buffers);
}

function hire(): Hand {
  const worker = newWorker();
  const hand: Hand = { worker, said: [], failure: undefined, isDone: false, wake: () => {} };
  worker.on('message', (message: FromThread) => {
    hand.said.push(message);
    hand.isDone = 'columns' in message || 'stretches' in message || 'verified' in message;
    hand.wake();
  });
  const fail = (error: Error): void => {
    hand.failure ??= error;
    const place = idle.indexOf(hand);
    if (place >= 0) idle.splice(place, 1);
    hand.wake();
  };
  worker.on('error', fail);
  worker.on('exit', (code) =>
    fail(new Error(`a thread of the engine ended with ${code} before its work was done`)),
  );
  return hand;
}

// In the sources, in dist/ and in the bundle its module lies beside this one.
function newWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./engine-worker.js', import.meta.url));
  // What makes JavaScript of the sources is not there in a new thread.
  const [tsx, module] = ['tsx/esm/api', new URL('./engine-worker.ts', import.meta.url).href].map((name) =>
    JSON.stringify(name),
  );
  const begin = `import(${tsx}).then((it) => { it.register(); return import(${module}); })`;
  return new Worker(begin, { eval: true });
}
