import { parentPort } from 'node:worker_threads';
import { copyOfError } from '../../core/error-copy.ts';
import { readFooter } from '../../parquet/footer.ts';
import { mergeLeaves } from '../../parquet/merge/merge-files.ts';
import { footerForCopying, footerForMerge } from '../../parquet/metadata/merge-footer.ts';
import { openInputs } from '../../pipeline/open-inputs.ts';
import { openLocalStore } from '../../store/open-local-store.ts';
import { verifyRowGroups } from '../../verify/verify-row-groups.ts';
import { type BinOrder, binDesk, workOnBin } from './bin-desk.ts';
import { chunkRing, placeIn, takeBack } from './chunk-ring.ts';
import type { FromThread, ThreadResult, ThreadWork, ToThread } from './engine-thread.ts';

const port = parentPort;
if (port === null) throw new Error('this is the module of a thread, not of a program');
const send = (message: FromThread, buffers: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, buffers);
let onTaken = (): void => {};
let onBin = (_message: BinOrder): void => {};

port.on('message', (message: ToThread) => {
  if (message === 'taken') {
    onTaken();
    return;
  }
  if (message === 'write' || !('begin' in message)) {
    onBin(message);
    return;
  }
  void work(message.begin)
    .catch((error: unknown): ThreadResult => ({ failure: copyOfError(error) }))
    .then((result) => send(result));
});

function work(work: ThreadWork): Promise<ThreadResult> {
  switch (work.kind) {
    case 'columns':
      return mergeColumns(work);
    case 'row groups':
      return decodeRowGroups(work);
    case 'bin': {
      const desk = binDesk(send);
      onBin = desk.hear;
      return workOnBin(work, desk);
    }
  }
}

async function mergeColumns({
  files,
  range,
  options,
  ring: bytes,
}: Extract<ThreadWork, { kind: 'columns' }>): Promise<ThreadResult> {
  const ring = chunkRing(bytes);
  let goOn = (): void => {};
  onTaken = () => {
    takeBack(ring);
    goOn();
  };
  const taken = (): Promise<void> =>
    new Promise((resolve) => {
      goOn = resolve;
    });
  const isCopying = options.copied?.some((rowGroups) => rowGroups.length > 0) === true;
  const kept = isCopying ? footerForCopying : footerForMerge;
  const opened = await openInputs(openLocalStore('/').store, files, undefined, kept);
  try {
    const columns = await mergeLeaves(opened.inputs, range, options, async (chunk) => {
      const { leaf: _, keyValueBytes: __, pages, ...facts } = chunk;
      const { compressedSizeBytes: sizeBytes } = facts;
      // One that would fill the ring alone comes by itself, and the next when it was taken.
      const isLarge = sizeBytes > bytes.length / 2;
      const needed = isLarge ? bytes.length : sizeBytes;
      let at = placeIn(ring, needed);
      while (at === undefined) {
        await taken();
        at = placeIn(ring, needed);
      }
      if (isLarge) {
        const copies = pages.map((page) => new Uint8Array(page));
        send(
          { chunk: facts, pages: { copies } },
          copies.map(({ buffer }) => buffer),
        );
        return;
      }
      let end = at;
      for (const page of pages) {
        bytes.set(page, end);
        end += page.length;
      }
      send({ chunk: facts, pages: { at, sizeBytes } });
    });
    return { columns };
  } finally {
    await opened.close();
  }
}

async function decodeRowGroups({ work }: Extract<ThreadWork, { kind: 'row groups' }>): Promise<ThreadResult> {
  const staged = await openLocalStore('/').store.open(work.stagedPath, work.ref);
  try {
    return { stretches: await verifyRowGroups(staged, await readFooter(staged), work) };
  } finally {
    await staged.close();
  }
}
