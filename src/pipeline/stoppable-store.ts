import type { ByteSink } from '../core/byte-sink.ts';
import type { ByteSource } from '../core/byte-source.ts';
import type { Store } from '../store/store.ts';

/**
 * The same store, whose files stop being read and written once `stop` is aborted: the next open, create, read or
 * write rejects with the signal's reason. For everything before the swap; the swap itself gets the store as it is.
 */
export function stoppableStore(store: Store, stop: AbortSignal): Store {
  return {
    ...store,
    open: async (path, expected) => {
      stop.throwIfAborted();
      return stoppableSource(await store.open(path, expected), stop);
    },
    create: async (path, placement) => {
      stop.throwIfAborted();
      return stoppableSink(await store.create(path, placement), stop);
    },
  };
}

function stoppableSource(source: ByteSource, stop: AbortSignal): ByteSource {
  const { name, sizeBytes, readNow, givesAway = false } = source;
  const read: ByteSource['read'] = async (offsetBytes, lengthBytes) => {
    stop.throwIfAborted();
    return source.read(offsetBytes, lengthBytes);
  };
  const close = (): Promise<void> => source.close();
  if (readNow === undefined) return { name, sizeBytes, givesAway, read, close };
  return {
    name,
    sizeBytes,
    givesAway,
    read,
    readNow: (offsetBytes, target) => {
      stop.throwIfAborted();
      readNow(offsetBytes, target);
    },
    close,
  };
}

function stoppableSink(sink: ByteSink, stop: AbortSignal): ByteSink {
  return {
    name: sink.name,
    write: async (bytes) => {
      stop.throwIfAborted();
      return sink.write(bytes);
    },
    close: () => sink.close(),
    abort: () => sink.abort(),
  };
}
