import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../core/errors.ts';
import { memberAt, textAt } from '../../core/json-fields.ts';
import { type FileStatus, refOf } from '../store.ts';
import { noReplyError, replyError } from './call-errors.ts';
import type { Call, WebHdfsClient } from './client.ts';
import { bodyOf } from './exchange.ts';
import type { Looks } from './look.ts';
import { withRetries } from './retry.ts';
import { openSource } from './source.ts';
import { agrees, checksumMaker, type FileChecksums, type StoredChecksum } from './stored-checksum.ts';

/** Bytes read back at a time. */
const readBackBytes = 8 * 1024 * 1024;

/** Longest wait between two looks after bytes whose arrival was not confirmed; about three seconds in all. */
const maxArrivalDelayMs = 1600;

/**
 * Whether the store has come to hold a file of this id and length under the name: what becomes of an upload whose answer was
 * lost. A DataNode that has got all bytes still completes the file then, and one that has not closes it as it is.
 */
export async function allArrived(
  looks: Looks,
  path: string,
  fileId: string,
  sizeBytes: number,
): Promise<boolean> {
  for (let delayMs = 50; ; delayMs *= 2) {
    const found = await looks.remote(path, 'close');
    if (found?.status.fileId !== fileId) return false;
    if (found.status.sizeBytes === sizeBytes) return true;
    if (delayMs > maxArrivalDelayMs) return false;
    await sleep(delayMs);
  }
}

/**
 * Holds what the store has of a new file against what was sent: its length and the checksum that its DataNodes
 * computed. Where that is of another kind than ours (erasure coding, a key, an unusual cluster), the file is
 * read back whole.
 * @throws StoreError `upload-damaged` when they differ, `not-found` when the file is gone
 */
export async function verifyUpload(
  client: WebHdfsClient,
  looks: Looks,
  path: string,
  sent: { readonly sizeBytes: number; readonly checksums: FileChecksums },
): Promise<void> {
  const found = await looks.remote(path, 'close');
  if (found === undefined) {
    throw new StoreError(
      `cannot finish writing ${client.uri}${path}: it is gone right after it was written`,
      {
        code: 'not-found',
        op: 'close',
        path,
      },
    );
  }
  const { sizeBytes } = found.status;
  if (sizeBytes !== sent.sizeBytes) {
    throw damaged(client, path, `${sent.sizeBytes} bytes were sent, the store has ${sizeBytes}`);
  }
  if (sizeBytes === 0) return;
  // Otherwise it is that of what is on the disks.
  const stored = found.status.keptAs === undefined ? await storedChecksum(client, path) : undefined;
  const isSame = stored === undefined ? undefined : agrees(sent.checksums, stored);
  if (isSame === true) return;
  if (isSame === false)
    throw damaged(client, path, `its checksum ${stored?.bytes} is not that of the bytes sent`);
  const readBack = await checksumsOf(client, looks, found.status, sent.checksums);
  if (readBack.md5 !== sent.checksums.md5) {
    throw damaged(client, path, 'what was read back is not what was sent');
  }
}

function damaged(client: WebHdfsClient, path: string, found: string): StoreError {
  return new StoreError(`cannot finish writing ${client.uri}${path}: ${found}`, {
    code: 'upload-damaged',
    op: 'close',
    path,
    hint: 'run again; if it happens again, look at the DataNodes (hdfs fsck, their disks and network)',
  });
}

/** The checksum that the DataNodes have of a file; undefined when the reply tells none. */
export async function storedChecksum(
  client: WebHdfsClient,
  path: string,
): Promise<StoredChecksum | undefined> {
  const call: Call = {
    method: 'GET',
    operation: 'GETFILECHECKSUM',
    path,
    op: 'close',
    attempt: `read the checksum of ${client.uri}${path}`,
  };
  const facts = client.factsOf(call);
  const failedHosts: string[] = [];
  return withRetries(client.retries, async () => {
    const place = await client.dataPlace(call, failedHosts);
    const { url } = place;
    const exchange = client.beginData(place, { method: 'GET' });
    try {
      const response = await exchange.response;
      const body = await bodyOf(response);
      if (response.statusCode !== 200) throw replyError(facts, url.origin, response, body);
      const told = memberAt(JSON.parse(body.toString('utf8')), 'FileChecksum');
      const [algorithm, bytes] = [textAt(told, 'algorithm'), textAt(told, 'bytes')];
      return algorithm === undefined || bytes === undefined ? undefined : { algorithm, bytes };
    } catch (cause) {
      failedHosts.push(url.hostname);
      if (cause instanceof StoreError) throw cause;
      throw noReplyError(facts, { server: url.origin, role: 'DataNode', wasSent: exchange.wasSent(), cause });
    }
  });
}

async function checksumsOf(
  client: WebHdfsClient,
  looks: Looks,
  file: FileStatus,
  { shape }: FileChecksums,
): Promise<FileChecksums> {
  const maker = checksumMaker(shape);
  const source = openSource(client, looks, file.path, refOf(file));
  for (let offset = 0; offset < file.sizeBytes; offset += readBackBytes) {
    maker.update(await source.read(offset, Math.min(readBackBytes, file.sizeBytes - offset)));
  }
  await source.close();
  return maker.end();
}
