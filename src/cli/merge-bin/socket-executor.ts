import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { errorFromCopy } from '../../core/error-copy.ts';
import { StoreError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { BinExecutor, MergedElsewhere, MergeTask } from '../../pipeline/bin-executor.ts';
import type { DatasetPlace } from './dataset-place.ts';
import { withProofHint } from './executor-proof.ts';
import { type Answer, cancelLine, idOf, parseAnswerLine, taskLine } from './lines.ts';

/** What {@link socketExecutors} works with. */
export interface SocketExecutorsOptions {
  readonly version: string;
  readonly log: Logger;
}

/** Executors behind a connection. */
export interface SocketExecutors {
  /** The executor of a dataset's bins. */
  at(place: DatasetPlace): BinExecutor;
  /** Hangs up: whoever is at the other end so learns that there will be no more tasks. */
  close(): void;
}

interface Waiting {
  readonly resolve: (merged: MergedElsewhere) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Hands tasks to whoever is at the other end of a connection, a line of JSON each, and takes answers in the same form, in
 * any order. Answers nobody waits for any more are passed over.
 */
export function socketExecutors(socket: Duplex, { version, log }: SocketExecutorsOptions): SocketExecutors {
  const waiting = new Map<string, Waiting>();
  let asked = 0;
  let ending: string | undefined;

  const end = (why: string): void => {
    ending ??= why;
    for (const { reject } of waiting.values()) reject(gone(ending));
    waiting.clear();
  };
  const hear = (line: string): void => {
    const id = idOf(line);
    const waiter = id === undefined ? undefined : waiting.get(id);
    if (id === undefined || waiter === undefined) {
      log.debug(`an executor says what nobody waits for: ${line.slice(0, 200)}`);
      return;
    }
    waiting.delete(id);
    try {
      settle(waiter, parseAnswerLine(line, version), line);
    } catch (error) {
      waiter.reject(error);
    }
  };

  createInterface({ input: socket }).on('line', hear);
  socket.on('error', (error) => end(error.message));
  socket.on('end', () => end('they hung up'));
  socket.on('close', () => end('they hung up'));

  const merge = (place: DatasetPlace, task: MergeTask, stop: AbortSignal): Promise<MergedElsewhere> =>
    new Promise((resolve, reject) => {
      stop.throwIfAborted();
      if (ending !== undefined) throw gone(ending);
      // Runs of two datasets may have begun in the same second.
      const id = `${task.id}-${++asked}`;
      const giveUp = (): void => {
        if (!waiting.delete(id)) return;
        if (ending === undefined) socket.write(`${cancelLine(id)}\n`);
        reject(stop.reason);
      };
      stop.addEventListener('abort', giveUp, { once: true });
      const over = (): void => stop.removeEventListener('abort', giveUp);
      waiting.set(id, {
        resolve: (merged) => {
          over();
          resolve(merged);
        },
        reject: (error) => {
          over();
          reject(error);
        },
      });
      socket.write(`${taskLine({ place, task: { ...task, id } }, version)}\n`);
    });

  return {
    at: (place) => ({ merge: (task, stop) => merge(place, task, stop) }),
    close: () => {
      end('the run is over');
      socket.destroy();
    },
  };
}

function settle({ resolve, reject }: Waiting, answer: Answer | undefined, line: string): void {
  if (answer === undefined) {
    reject(
      new StoreError(`an executor gives an answer that cannot be understood: ${line.slice(0, 200)}`, {
        code: 'executor-answer',
        op: 'merge',
        path: 'executors',
        dataState: 'the originals are untouched',
        hint: 'Look into the logs of the executors; what they write to standard output must come from `merge-bin` alone.',
      }),
    );
  } else if ('done' in answer) resolve(answer.done);
  else if ('failed' in answer) reject(errorFromCopy(withProofHint(answer.failed)));
  else {
    reject(
      new StoreError(`a bin could not be merged by any executor: ${answer.lost}`, {
        code: 'executor-lost',
        op: 'merge',
        path: 'executors',
        retryable: true,
        dataState: 'the originals are untouched',
        hint: 'Look into the logs of the executors, then run again.',
      }),
    );
  }
}

function gone(why: string): StoreError {
  return new StoreError(`the executors are gone: ${why}`, {
    code: 'executors-gone',
    op: 'merge',
    path: 'executors',
    retryable: true,
    dataState: 'the originals are untouched',
    hint: 'Look at what started this run and the executors, then run again.',
  });
}
