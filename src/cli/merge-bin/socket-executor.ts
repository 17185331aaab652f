import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { errorFromCopy } from '../../core/error-copy.ts';
import { StoreError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import type { BinExecutor, MergedElsewhere } from '../../pipeline/bin-executor.ts';
import type { DatasetPlace } from './dataset-place.ts';
import { type Answer, cancelLine, idOf, parseAnswerLine, taskLine } from './lines.ts';

/** What {@link socketExecutor} works with. */
export interface SocketExecutorOptions {
  /** Where the tasks' files are. */
  readonly place: DatasetPlace;
  readonly version: string;
  readonly log: Logger;
}

/** An executor behind a connection. */
export interface SocketExecutor extends BinExecutor {
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
export function socketExecutor(socket: Duplex, options: SocketExecutorOptions): SocketExecutor {
  const { place, version, log } = options;
  const waiting = new Map<string, Waiting>();
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

  return {
    merge: (task, stop) =>
      new Promise<MergedElsewhere>((resolve, reject) => {
        stop.throwIfAborted();
        if (ending !== undefined) throw gone(ending);
        const giveUp = (): void => {
          if (!waiting.delete(task.id)) return;
          if (ending === undefined) socket.write(`${cancelLine(task.id)}\n`);
          reject(stop.reason);
        };
        stop.addEventListener('abort', giveUp, { once: true });
        const over = (): void => stop.removeEventListener('abort', giveUp);
        waiting.set(task.id, {
          resolve: (merged) => {
            over();
            resolve(merged);
          },
          reject: (error) => {
            over();
            reject(error);
          },
        });
        socket.write(`${taskLine({ place, task }, version)}\n`);
      }),
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
  else if ('failed' in answer) reject(errorFromCopy(answer.failed));
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
