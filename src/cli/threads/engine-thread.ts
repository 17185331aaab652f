import { Worker } from 'node:worker_threads';
import { type ErrorCopy, errorFromCopy } from '../../core/error-copy.ts';
import type { ColumnFingerprint } from '../../parquet/fingerprint.ts';
import type { LeafRange } from '../../parquet/merge/leaf-ranges.ts';
import type { DetachedChunk, MergeOptions } from '../../parquet/merge/merge-request.ts';
import type { InputFile } from '../../pipeline/open-inputs.ts';
import type { RowGroupWork, VerifiedStretch } from '../../verify/verify-row-groups.ts';

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
  | { readonly kind: 'row groups'; readonly work: RowGroupWork };

/** What it is told: work to begin, or that the oldest chunk it sent was taken. */
export type ToThread = { readonly begin: ThreadWork } | 'taken';

/** What it says: of columns chunk after chunk, then what was found or why nothing was. */
export type FromThread = SentChunk | ThreadResult;

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
  | { readonly failure: ErrorCopy };

/** A thread at work. */
export interface EngineThread {
  /** The next message. @throws what the work there threw */
  hear(): Promise<Exclude<FromThread, { failure: ErrorCopy }>>;
  /** Tells that the oldest chunk which it sent is needed no more. */
  take(): void;
  /** Ends the work, at any time and more than once: a thread that has merged its columns waits for more, others end. */
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

/** Begins work in a thread: in one that waits for some, else in a new one. */
export function beginInThread(work: ThreadWork): EngineThread {
  const hand = idle.pop() ?? hire();
  hand.said = [];
  hand.isDone = false;
  hand.worker.ref();
  tell(hand, { begin: work });
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
    take: () => tell(hand, 'taken'),
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      // After the row groups come second readers, which need memory; its own is given back only by its end.
      const mayStay = work.kind === 'columns' && idle.length < mostIdle;
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

function tell({ worker }: Hand, message: ToThread): void {
  worker.postMessage(message);
}

function hire(): Hand {
  // In the sources, in dist/ and in the bundle it lies beside this module.
  const module = import.meta.url.endsWith('.ts') ? './engine-worker.ts' : './engine-worker.js';
  const worker = new Worker(new URL(module, import.meta.url));
  const hand: Hand = { worker, said: [], failure: undefined, isDone: false, wake: () => {} };
  worker.on('message', (message: FromThread) => {
    hand.said.push(message);
    hand.isDone = !('chunk' in message) && !('failure' in message);
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
