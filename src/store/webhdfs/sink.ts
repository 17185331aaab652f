import type { ByteSink } from '../../core/byte-sink.ts';
import { StoreError } from '../../core/errors.ts';
import type { Placement } from '../store.ts';
import type { Call, WebHdfsClient } from './client.ts';
import { deleteRemoteFile } from './delete.ts';
import type { Looks } from './look.ts';
import { withRetries } from './retry.ts';
import type { ServerDefaults } from './server-defaults.ts';
import { checksumMaker } from './stored-checksum.ts';
import { beginUpload } from './upload.ts';
import { allArrived, verifyUpload } from './verify-upload.ts';

/** Bytes gathered before they are sent, so that small writes make no small packets. */
const gatherBytes = 256 * 1024;

const takenCodes = new Set(['exists', 'open-for-writing']);

/**
 * Creates a file and gives the sink for its bytes. Closing it compares what the store holds with what was written.
 * @param placement the server's defaults where absent
 * @throws StoreError `exists`, `not-found` when the directory is not there
 */
export async function createSink(
  client: WebHdfsClient,
  looks: Looks,
  path: string,
  placement: Placement | undefined,
  defaults: ServerDefaults,
): Promise<ByteSink> {
  const blockBytes = placement?.blockSizeBytes ?? defaults.blockSizeBytes;
  const replication = placement?.replication ?? defaults.replication;
  const call: Call = {
    method: 'PUT',
    operation: 'CREATE',
    path,
    op: 'create',
    parameters: {
      overwrite: false,
      createparent: false,
      // A block is synced to the disk when it is complete, which HDFS does not do by itself.
      createflag: 'CREATE,SYNC_BLOCK',
      blocksize: blockBytes,
      permission: '644',
      ...(replication === undefined ? {} : { replication }),
    },
  };
  const failedHosts: string[] = [];
  const upload = await withRetries(client.retries, () => beginUpload(client, looks, call, failedHosts));
  const setStoragePolicy = async (): Promise<void> => {
    if (placement?.storagePolicy === undefined) return;
    await client.json({
      method: 'PUT',
      operation: 'SETSTORAGEPOLICY',
      path,
      op: 'create',
      attempt: `set the storage policy of ${client.uri}${path} to ${placement.storagePolicy}`,
      parameters: { storagepolicy: placement.storagePolicy },
    });
  };
  if (upload.fileId !== undefined) {
    try {
      // Before the first block: blocks stay where they were put.
      await setStoragePolicy();
    } catch (error) {
      upload.abort();
      throw error;
    }
  }

  const checksum = checksumMaker({ crc: defaults.crc, bytesPerCrc: defaults.bytesPerCrc, blockBytes });
  let gathered = Buffer.allocUnsafe(gatherBytes);
  let gatheredBytes = 0;
  let sentBytes = 0;
  let state: 'open' | 'closed' | 'aborted' = 'open';

  /** Another file got the name at the same moment: then nothing here is ours. */
  const notTaken = (sending: Promise<void>): Promise<void> =>
    sending.catch((error: unknown) => {
      if (error instanceof StoreError && takenCodes.has(error.code)) state = 'aborted';
      throw error;
    });
  const send = async (bytes: Uint8Array): Promise<void> => {
    const sending = notTaken(upload.send(bytes));
    // While the kernel and the DataNode have something to do.
    checksum.update(bytes);
    sentBytes += bytes.length;
    await sending;
  };
  const flush = async (): Promise<void> => {
    if (gatheredBytes === 0) return;
    const bytes = gathered.subarray(0, gatheredBytes);
    gatheredBytes = 0;
    await send(bytes);
  };
  const assertOpen = (): void => {
    if (state !== 'open') throw new RangeError(`${path}: write after close`);
  };

  return {
    name: path,
    async write(bytes) {
      assertOpen();
      if (gatheredBytes + bytes.length > gatherBytes) await flush();
      if (bytes.length >= gatherBytes / 4) {
        await flush();
        await send(bytes);
      } else {
        gathered.set(bytes, gatheredBytes);
        gatheredBytes += bytes.length;
      }
    },
    async close() {
      assertOpen();
      await flush();
      await notTaken(upload.finish()).catch(async (error: unknown) => {
        const { fileId } = upload;
        // No answer is no failure: the file is looked at, as it is after an answer. Of one that was never seen it cannot be told whose it is.
        const isUnknown = error instanceof StoreError && error.outcomeUnknown && fileId !== undefined;
        if (!isUnknown || !(await allArrived(looks, path, fileId, sentBytes))) throw error;
      });
      state = 'closed';
      // Its blocks lie elsewhere then, until HDFS's mover comes by.
      if (upload.fileId === undefined) await setStoragePolicy();
      gathered = Buffer.alloc(0);
      await verifyUpload(client, looks, path, { sizeBytes: sentBytes, checksums: checksum.end() });
    },
    async abort() {
      if (state !== 'open') return;
      state = 'aborted';
      upload.abort();
      try {
        const found = await looks.remote(path, 'delete');
        // Only what was begun here: by now the name may be another file's.
        if (found?.status.fileId === upload.fileId) await deleteRemoteFile(client, looks, path);
      } catch (error) {
        // A part of the file may stay behind, which every caller reckons with.
        if (!(error instanceof StoreError)) throw error;
      }
    },
  };
}
