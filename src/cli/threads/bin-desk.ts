import type { Logger } from '../../core/log.ts';
import { footerForCopying } from '../../parquet/metadata/merge-footer.ts';
import { type BinStore, binHere } from '../../pipeline/bin-at-work.ts';
import { openInputs } from '../../pipeline/open-inputs.ts';
import type { WrittenFile } from '../../pipeline/write-merged.ts';
import { openLocalStore } from '../../store/open-local-store.ts';
import { askedStore } from './ask-store.ts';
import { columnThreads } from './column-threads.ts';
import type { BinNews, FromThread, ThreadResult, ThreadWork, ToThread } from './engine-thread.ts';
import type { StoreAnswer, StoreQuestion } from './store-question.ts';

/** What a thread at work on a bin is told. */
export type BinOrder = Exclude<ToThread, { begin: ThreadWork } | 'taken'>;

/** Where a thread at work on a bin says things and hears of things. */
export interface BinDesk {
  hear(order: BinOrder): void;
  say(news: BinNews): void;
  /** The next thing to do: write, or verify what was written. */
  order(): Promise<'write' | WrittenFile>;
  ask(question: StoreQuestion): Promise<StoreAnswer>;
}

/** A desk; what it sends are messages to the first thread. */
export function binDesk(send: (message: FromThread, buffers?: readonly ArrayBuffer[]) => void): BinDesk {
  const waiting = new Map<number, (answer: StoreAnswer) => void>();
  const orders: ('write' | WrittenFile)[] = [];
  let wake = (): void => {};
  let asked = 0;
  return {
    hear: (message) => {
      if (message !== 'write' && 'answer' in message) {
        waiting.get(message.number)?.(message.answer);
        waiting.delete(message.number);
        return;
      }
      orders.push(message === 'write' ? message : message.verify);
      wake();
    },
    say: (news) => send(news),
    order: async () => {
      for (;;) {
        const next = orders.shift();
        if (next !== undefined) return next;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    ask: (question) =>
      new Promise((resolve) => {
        const number = asked++;
        waiting.set(number, resolve);
        send({ ask: question, number }, question.what === 'write' ? [question.bytes.buffer] : []);
      }),
  };
}

/** Merges and verifies a bin, as it is told to. @throws as `BinAtWork` does */
export async function workOnBin(
  { work, store: asked, settings }: Extract<ThreadWork, { kind: 'bin' }>,
  desk: BinDesk,
): Promise<ThreadResult> {
  const store: BinStore =
    asked === undefined
      ? openLocalStore('/').store
      : askedStore(asked.uri, asked.abilities, (question) => desk.ask(question));
  const tellFar = (done: number, total: number): void => desk.say({ far: [done, total] });
  const opened = await openInputs(store, work.files, undefined, footerForCopying);
  try {
    const bin = binHere({
      ...work,
      store,
      opened,
      threads: asked === undefined ? columnThreads(work.files, settings) : undefined,
      log: deskLogger(desk),
      // Who wants it to stop ends the thread.
      stop: new AbortController().signal,
    });
    for (;;) {
      const order = await desk.order();
      if (order !== 'write') return { verified: await bin.verify(order, tellFar) };
      desk.say({ written: await bin.write(tellFar) });
    }
  } finally {
    await opened.close();
  }
}

function deskLogger(desk: BinDesk): Logger {
  const at =
    (log: Extract<BinNews, { log: unknown }>['log']): Logger['info'] =>
    (message, fields) =>
      desk.say({ log, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
