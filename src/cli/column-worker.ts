import { parentPort, workerData } from 'node:worker_threads';
import { copyOfError } from '../core/error-copy.ts';
import { mergeLeaves } from '../parquet/merge/merge-files.ts';
import { openInputs } from '../pipeline/open-inputs.ts';
import { openLocalStore } from '../store/open-local-store.ts';
import type { FromColumnWorker, ToColumnWorker } from './column-threads.ts';

/** Merged bytes that wait to be written; beyond, the thread waits too. */
const mostWaitingBytes = 32 * 1024 * 1024;

/** What a thread that merges columns does: see `column-threads.ts`. */
async function work(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error('this is the module of a thread, not of a program');
  const { files, range, options }: ToColumnWorker = workerData;
  let waitingBytes = 0;
  let goOn = (): void => {};
  port.on('message', (takenBytes: number) => {
    waitingBytes -= takenBytes;
    goOn();
  });
  const send = (message: FromColumnWorker, buffers: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, buffers);
  try {
    const opened = await openInputs(openLocalStore('/').store, files);
    try {
      const columns = await mergeLeaves(opened.inputs, range, options, async (chunk) => {
        const { leaf: _, keyValueBytes: __, pages, ...facts } = chunk;
        const copies = pages.map((page) => new Uint8Array(page));
        waitingBytes += facts.compressedSizeBytes;
        send(
          { chunk: { ...facts, pages: copies } },
          copies.map(({ buffer }) => buffer),
        );
        while (waitingBytes > mostWaitingBytes) {
          await new Promise<void>((resolve) => {
            goOn = resolve;
          });
        }
      });
      send({ columns });
    } finally {
      await opened.close();
    }
  } catch (error) {
    send({ failure: copyOfError(error) });
  }
  port.close();
}

await work();
