import { type MemoryBudget, memoryBudget, type Reservation } from '../../core/memory-budget.ts';
import { bytesPerMb } from '../../core/units.ts';
import type { BinAtWork } from '../../pipeline/bin-at-work.ts';
import type { BeginBin } from '../../pipeline/partition-task.ts';
import { storeAnswers } from './answer-store.ts';
import {
  beginInThread,
  type EngineThread,
  endIdleThreads,
  type FromThread,
  type ThreadSettings,
} from './engine-thread.ts';

/** From here on a bin needs memory that threads without work have. */
const largeBinBytes = 64 * bytesPerMb;

/**
 * Has bins merged and verified in threads of their own, so that partitions that are at work at the same time use the cores: the first
 * thread goes on with listing, planning, swapping and asking the store.
 * @param count threads at work at the same time; a bin waits until one is free
 */
export function binThreads(count: number, { memoryBytes }: Pick<ThreadSettings, 'memoryBytes'>): BeginBin {
  const threads: MemoryBudget = memoryBudget(count);
  // Further threads for a bin only where they are worth it: the cores have other bins to work on.
  const settings = memoryBytes === undefined ? {} : { memoryBytes };
  return (work, { store, log, stop }) => {
    const isLocal = store.abilities.remote !== true;
    const answers = storeAnswers(store);
    let place: Reservation | undefined;
    let thread: EngineThread | undefined;

    const begun = async (): Promise<EngineThread> => {
      if (thread !== undefined) return thread;
      place = await threads.reserve(1, stop);
      const sizeBytes = work.files.reduce((sum, { ref }) => sum + ref.sizeBytes, 0);
      if (sizeBytes > largeBinBytes) await endIdleThreads();
      const { uri, abilities } = store;
      thread = beginInThread({
        kind: 'bin',
        work,
        store: isLocal ? undefined : { uri, abilities },
        settings,
      });
      return thread;
    };
    const answer = async (
      at: EngineThread,
      { ask, number }: Extract<FromThread, { ask: unknown }>,
    ): Promise<void> => {
      const answered = await answers.answer(ask);
      at.tell({ answer: answered, number }, 'bytes' in answered ? [answered.bytes.buffer] : []);
    };
    /** What it says in the end of what it was told to do. */
    const heard = async (
      at: EngineThread,
      onFar: (done: number, total: number) => void,
    ): Promise<Awaited<ReturnType<EngineThread['hear']>>> => {
      for (;;) {
        const news = await orStopped(at.hear(), stop);
        if ('far' in news) onFar(...news.far);
        else if ('ask' in news) void answer(at, news);
        else if ('log' in news) log[news.log](news.message, news.fields);
        else return news;
      }
    };

    const bin: BinAtWork = {
      write: async (onRows) => {
        const at = await begun();
        at.tell('write');
        const news = await heard(at, onRows);
        if (!('written' in news)) throw unexpected();
        return news.written;
      },
      verify: async ({ merged, written }, onBytes) => {
        const at = await begun();
        at.tell({ verify: { merged, written } });
        const news = await heard(at, onBytes);
        if (!('verified' in news)) throw unexpected();
        return news.verified;
      },
      stop: async () => {
        await thread?.stop();
        await answers.end();
        place?.release();
      },
    };
    return bin;
  };
}

/** What `heard` resolves to, unless `stop` is aborted before. @throws its reason */
async function orStopped<T>(heard: Promise<T>, stop: AbortSignal): Promise<T> {
  // Nobody hears it any more once the work was stopped.
  heard.catch(() => {});
  stop.throwIfAborted();
  let giveUp = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    giveUp = () => reject(stop.reason);
    stop.addEventListener('abort', giveUp, { once: true });
  });
  try {
    return await Promise.race([heard, stopped]);
  } finally {
    stop.removeEventListener('abort', giveUp);
  }
}

function unexpected(): Error {
  return new Error('a thread at work on a bin says something else');
}
