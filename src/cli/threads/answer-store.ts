import type { ByteSink } from '../../core/byte-sink.ts';
import type { ByteSource } from '../../core/byte-source.ts';
import { copyOfError } from '../../core/error-copy.ts';
import type { BinStore } from '../../pipeline/bin-at-work.ts';
import type { StoreAnswer, StoreQuestion } from './store-question.ts';

type Asked<W extends StoreQuestion['what']> = Extract<StoreQuestion, { what: W }>;

/** Reads and writes for another thread. */
export interface StoreAnswers {
  /** Never rejects: what goes wrong is an answer. */
  answer(question: StoreQuestion): Promise<StoreAnswer>;
  /** Closes what that thread has not closed, and gives up what it has not written to its end. Never rejects. */
  end(): Promise<void>;
}

/** Answers what one thread asks of this store. */
export function storeAnswers(store: BinStore): StoreAnswers {
  const sources = new Map<number, Promise<ByteSource>>();
  const sinks = new Map<number, ByteSink>();
  const creating = new Set<Promise<void>>();

  const sinkOf = (file: number): ByteSink => {
    const sink = sinks.get(file);
    if (sink === undefined) throw new Error(`file ${file} is not open for writing`);
    return sink;
  };
  const create = async ({ file, path, placement }: Asked<'create'>): Promise<void> => {
    const created = store.create(path, placement).then((sink) => {
      sinks.set(file, sink);
    });
    creating.add(created);
    await created.finally(() => creating.delete(created));
  };
  const closeSource = async (file: number): Promise<void> => {
    const source = sources.get(file);
    sources.delete(file);
    await (await source)?.close();
  };

  const done = { isDone: true } as const;
  const answered = async (question: StoreQuestion): Promise<StoreAnswer> => {
    switch (question.what) {
      case 'read': {
        const { file, path, ref, offsetBytes, lengthBytes } = question;
        const opened = sources.get(file) ?? store.open(path, ref);
        sources.set(file, opened);
        const source = await opened;
        return { bytes: givenAway(source, await source.read(offsetBytes, lengthBytes)) };
      }
      case 'close source':
        await closeSource(question.file);
        return done;
      case 'create':
        await create(question);
        return done;
      case 'write':
        await sinkOf(question.file).write(question.bytes);
        return done;
      case 'close sink':
        await sinkOf(question.file).close();
        sinks.delete(question.file);
        return done;
      case 'abort sink': {
        const sink = sinkOf(question.file);
        sinks.delete(question.file);
        await sink.abort();
        return done;
      }
      case 'stat':
        return { status: await store.stat(question.path) };
      case 'delete':
        return { isDone: await store.deleteFile(question.path) };
    }
  };

  return {
    answer: async (question) => {
      try {
        return await answered(question);
      } catch (error) {
        return { failure: copyOfError(error) };
      }
    },
    end: async () => {
      // A file that comes to be after its directory was cleared would be left there.
      await Promise.allSettled(creating);
      await Promise.allSettled([
        ...[...sources.keys()].map(closeSource),
        ...[...sinks.values()].map((sink) => sink.abort()),
      ]);
      sinks.clear();
    },
  };
}

/** The bytes in a buffer of their own, which may be transferred: copied where somebody else may look at them. */
function givenAway({ givesAway }: ByteSource, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isAlone = givesAway === true && bytes.byteLength === buffer.byteLength;
  return isAlone && buffer instanceof ArrayBuffer ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
