import type { ByteSink } from '../../core/byte-sink.ts';
import type { ByteSource } from '../../core/byte-source.ts';
import { errorFromCopy } from '../../core/error-copy.ts';
import { bytesPerMb } from '../../core/units.ts';
import type { BinStore } from '../../pipeline/bin-at-work.ts';
import type { StoreAnswer, StoreQuestion } from './store-question.ts';

/** Asks the first thread. */
export type AskStore = (question: StoreQuestion) => Promise<StoreAnswer>;

/** Bytes that are gathered before they are sent; the next ones are gathered while they are written. */
const pieceBytes = bytesPerMb;

/** A store whose files the first thread reads and writes, for a thread that merges them. */
export function askedStore(uri: string, abilities: BinStore['abilities'], question: AskStore): BinStore {
  let files = 0;
  const ask = async (asked: StoreQuestion): Promise<Exclude<StoreAnswer, { readonly failure: unknown }>> => {
    const answer = await question(asked);
    if ('failure' in answer) throw errorFromCopy(answer.failure);
    return answer;
  };
  return {
    uri,
    abilities,
    open: async (path, ref) => askedSource(uri, ask, files++, path, { ...ref }),
    create: async (path, placement) => {
      const file = files++;
      await ask({ what: 'create', file, path, placement });
      return askedSink(`${uri}${path}`, ask, file);
    },
    stat: async (path) => {
      const answer = await ask({ what: 'stat', path });
      if (!('status' in answer)) throw unexpected();
      return answer.status;
    },
    deleteFile: async (path) => {
      const answer = await ask({ what: 'delete', path });
      if (!('isDone' in answer)) throw unexpected();
      return answer.isDone;
    },
  };
}

type Ask = (question: StoreQuestion) => Promise<Exclude<StoreAnswer, { readonly failure: unknown }>>;

function askedSource(
  uri: string,
  ask: Ask,
  file: number,
  path: string,
  ref: Parameters<BinStore['open']>[1],
): ByteSource {
  let isRead = false;
  return {
    name: `${uri}${path}`,
    sizeBytes: ref.sizeBytes,
    read: async (offsetBytes, lengthBytes) => {
      isRead = true;
      const answer = await ask({ what: 'read', file, path, ref, offsetBytes, lengthBytes });
      if (!('bytes' in answer)) throw unexpected();
      return answer.bytes;
    },
    close: async () => {
      if (isRead) await ask({ what: 'close source', file });
    },
  };
}

function askedSink(name: string, ask: Ask, file: number): ByteSink {
  let piece = new Uint8Array(pieceBytes);
  let filledBytes = 0;
  let underWay: Promise<unknown> = Promise.resolve();
  const send = async (): Promise<void> => {
    // One on its way at a time: whoever writes faster than the store waits here.
    await underWay;
    if (filledBytes === 0) return;
    const bytes = piece.subarray(0, filledBytes);
    piece = new Uint8Array(pieceBytes);
    filledBytes = 0;
    underWay = ask({ what: 'write', file, bytes });
    // Seen to by the next write, or by the close.
    underWay.catch(() => {});
  };
  return {
    name,
    write: async (bytes) => {
      for (let done = 0; done < bytes.length; ) {
        const taken = Math.min(bytes.length - done, pieceBytes - filledBytes);
        piece.set(bytes.subarray(done, done + taken), filledBytes);
        filledBytes += taken;
        done += taken;
        if (filledBytes === pieceBytes) await send();
      }
    },
    close: async () => {
      await send();
      await underWay;
      await ask({ what: 'close sink', file });
    },
    abort: async () => {
      await Promise.allSettled([underWay]);
      await ask({ what: 'abort sink', file });
    },
  };
}

function unexpected(): Error {
  return new Error('the first thread answers something else than it was asked');
}
