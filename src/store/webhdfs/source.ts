import type { IncomingMessage } from 'node:http';
import type { ByteSource } from '../../core/byte-source.ts';
import { StoreError } from '../../core/errors.ts';
import { type FileRef, sameGeneration } from '../store.ts';
import { noReplyError, replyError } from './call-errors.ts';
import type { Call, WebHdfsClient } from './client.ts';
import { bodyOf, eachChunk } from './exchange.ts';
import type { Looks } from './look.ts';
import { withRetries } from './retry.ts';

/**
 * Opens a file for reading, at one generation, without asking anything yet. Every read names the file by its id
 * (`/.reserved/.inodes/<id>`, where HDFS checks permissions as it does by path), so what is read is of that very file
 * whatever its path leads to by then, and costs one OPEN. What can still happen to a closed HDFS file is this:
 *
 * - It grows (append, CONCAT). A read up to the end asks for all there is and must be given just what was listed; any
 *   other range has the same bytes as before.
 * - It is cut (truncate), and perhaps written on. After a range that is not up to the end, the file's length and time
 *   are looked at.
 *
 * A file that was cut and written on to the very same length shows in its time alone: between two reads up to the end
 * that stays unseen here, and is seen by whoever lists the directory again.
 */
export function openSource(client: WebHdfsClient, looks: Looks, path: string, expected: FileRef): ByteSource {
  const alias = `/.reserved/.inodes/${expected.fileId}`;
  let isPinned = /^[1-9]\d*$/.test(expected.fileId);
  let closed = false;

  /** Rejects when the file is not the one expected. */
  const look = async (): Promise<void> => {
    const pinned = isPinned ? await looks.remote(path, 'read', alias) : undefined;
    const byPath = pinned ?? (await looks.remote(path, 'read'));
    if (byPath === undefined) {
      throw new StoreError(`cannot read ${client.uri}${path}: it is not there any more`, {
        code: 'not-found',
        op: 'read',
        path,
        hint: changedHint,
      });
    }
    const found = byPath.status;
    if (!sameGeneration(found, expected)) {
      throw new StoreError(
        `cannot read ${client.uri}${path}: it is no longer the file that was listed ` +
          `(expected ${described(expected)}; found ${described(found)})`,
        { code: 'changed', op: 'read', path, hint: changedHint },
      );
    }
    // Found by path alone: this server knows no files by their id (a federation router).
    isPinned = pinned !== undefined;
  };

  const readOnce = async (offsetBytes: number, target: Uint8Array, failedHosts: string[]): Promise<void> => {
    const isToTheEnd = offsetBytes + target.length === expected.sizeBytes;
    const call: Call = {
      method: 'GET',
      operation: 'OPEN',
      path,
      ...(isPinned ? { alias } : {}),
      parameters: isToTheEnd ? { offset: offsetBytes } : { offset: offsetBytes, length: target.length },
      op: 'read',
      attempt: `read ${client.uri}${path}`,
    };
    if (!isPinned) await look();
    const place = await client.dataPlace(call, failedHosts);
    const { url } = place;
    const exchange = client.beginData(place, { method: 'GET' });
    try {
      const response = await exchange.response;
      if (response.statusCode !== 200) {
        throw replyError(client.factsOf(call), url.origin, response, await bodyOf(response));
      }
      await fill(target, response, () => lengthError(client.uri, path));
    } catch (cause) {
      exchange.request.destroy();
      failedHosts.push(url.hostname);
      if (cause instanceof StoreError) throw cause;
      throw noReplyError(client.factsOf(call), {
        server: url.origin,
        role: 'DataNode',
        wasSent: exchange.wasSent(),
        cause,
      });
    }
    if (!isToTheEnd || !isPinned) await look();
  };

  return {
    name: `${client.uri}${path}`,
    sizeBytes: expected.sizeBytes,
    givesAway: true,
    async read(offsetBytes, lengthBytes) {
      if (closed) throw new RangeError(`${path}: read after close`);
      if (offsetBytes < 0 || lengthBytes < 0 || offsetBytes + lengthBytes > expected.sizeBytes) {
        throw new RangeError(
          `${path}: bytes ${offsetBytes}..${offsetBytes + lengthBytes} lie outside its ${expected.sizeBytes} bytes`,
        );
      }
      const bytes = new Uint8Array(lengthBytes);
      if (lengthBytes === 0) return bytes;
      const failedHosts: string[] = [];
      await withRetries(client.retries, async () => {
        try {
          await readOnce(offsetBytes, bytes, failedHosts);
        } catch (error) {
          if (!(error instanceof StoreError) || !worthALook.has(error.code)) throw error;
          // If the file is another by now, that is why, and no repetition helps.
          const wasPinned = isPinned;
          await look();
          if (isPinned === wasPinned) throw error;
          await readOnce(offsetBytes, bytes, failedHosts);
        }
      });
      return bytes;
    },
    close: async () => {
      closed = true;
    },
  };
}

/** Errors that a file gives that was changed, replaced or removed. */
const worthALook = new Set(['not-found', 'wrong-length', 'store-failed']);

const changedHint = 'a writer is still at work on it, or it was replaced; run again';

/** Puts a body into `target`, whose whole length it must have. */
async function fill(
  target: Uint8Array,
  response: IncomingMessage,
  wrongLength: () => StoreError,
): Promise<void> {
  const told = response.headers['content-length'];
  if (told !== undefined && Number(told) !== target.length) throw wrongLength();
  let done = 0;
  await eachChunk(response, (chunk) => {
    if (done + chunk.length > target.length) throw wrongLength();
    target.set(chunk, done);
    done += chunk.length;
  });
  if (done !== target.length) throw wrongLength();
}

function lengthError(uri: string, path: string): StoreError {
  return new StoreError(`cannot read ${uri}${path}: more or fewer bytes came than were asked for`, {
    code: 'wrong-length',
    op: 'read',
    path,
    retryable: true,
  });
}

function described({ fileId, sizeBytes, modifiedAtMs }: Omit<FileRef, 'name'>): string {
  const time = new Date(modifiedAtMs);
  const modified = Number.isNaN(time.getTime()) ? `${modifiedAtMs} ms` : time.toISOString();
  return `id ${fileId}, ${sizeBytes} bytes, modified ${modified}`;
}
