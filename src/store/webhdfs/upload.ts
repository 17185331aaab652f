import type { ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../../core/errors.ts';
import { noReplyError, replyError } from './call-errors.ts';
import type { Call, DataPlace, WebHdfsClient } from './client.ts';
import { bodyOf, timedOut } from './exchange.ts';
import type { Looks } from './look.ts';

/** Longest wait between two looks. */
const maxLookDelayMs = 100;

/** So long a gateway is given to create a file of which it has no bytes yet. */
const gatewayLookMs = 1_000;

/** Clients of gateways that did not do so. */
const createsLate = new WeakSet<WebHdfsClient>();

/** A new file that a DataNode is writing. */
export interface Upload {
  /** Of the new file; undefined where a gateway creates it only when bytes come. */
  readonly fileId: string | undefined;
  /** Hands over bytes; resolves when they have left this process, so that their memory may be used again. */
  send(bytes: Uint8Array): Promise<void>;
  /** Ends the file; resolves when the DataNode says that it is complete. */
  finish(): Promise<void>;
  /** Breaks off. What was sent so far may stay behind as a file. */
  abort(): void;
}

/**
 * Begins to write a file where the NameNode says, and resolves once it is there. The DataNode asks for the bytes
 * (`100 Continue`) before it creates the file, and says no more until it has them all or refuses (`WebHdfsHandler.onCreate`):
 * so this looks for the file. Knox asks for the bytes too, but hands on what it was sent only when it has some of them: there the
 * file is created later.
 * @param failedHosts gets the host of a DataNode that could not be reached
 * @throws StoreError; retryable while it is certain that nothing was created
 */
export async function beginUpload(
  client: WebHdfsClient,
  looks: Looks,
  call: Call,
  failedHosts: string[],
): Promise<Upload> {
  const facts = client.factsOf(call);
  const [place, other] = await Promise.all([
    uploadPlace(client, call, failedHosts),
    looks.remote(call.path, call.op),
  ]);
  if (other !== undefined) {
    throw new StoreError(`cannot ${facts.attempt}: the name is taken`, {
      code: 'exists',
      op: call.op,
      path: call.path,
    });
  }
  const { url } = place;
  const exchange = client.beginData(place, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', expect: '100-continue' },
    hasBody: true,
  });
  const { request } = exchange;

  const reply = exchange.response.then(async (response) => ({ response, body: await bodyOf(response) }));
  /** Rejects when the DataNode answers, while it should be taking bytes, or the connection fails. */
  const refusal: Promise<never> = reply.then(({ response, body }) => {
    throw replyError(facts, url.origin, response, body);
  });
  refusal.catch(() => {});

  /** Waits for something on the connection: not longer than its idle limit, and not once the upload has failed. */
  const within = async <T>(what: string, ...waits: readonly Promise<T>[]): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const ms = client.timeouts.idleMs;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(timedOut(`${what} for ${ms} ms`)), ms);
    });
    try {
      return await Promise.race([...waits, limit]);
    } catch (cause) {
      request.destroy();
      // A DataNode that refuses says why and closes: whichever of the two was noticed first, why is worth more.
      const error: unknown = cause instanceof StoreError ? cause : await refusal.catch((why: unknown) => why);
      throw error instanceof StoreError
        ? error
        : noReplyError(facts, { server: url.origin, role: 'DataNode', wasSent: exchange.wasSent(), cause });
    } finally {
      clearTimeout(timer);
    }
  };

  const continued = new Promise<void>((resolve) => request.once('continue', resolve));
  request.flushHeaders();
  let fileId: string | undefined;
  const givenUp = new AbortController();
  try {
    await within('the DataNode did not ask for the bytes', continued, refusal);
    const waits =
      place.isGateway === true ? [sleep(createsLate.has(client) ? 0 : gatewayLookMs, undefined)] : [];
    fileId = await within<string | undefined>(
      'the DataNode did not create the file',
      appeared(looks, call, givenUp.signal),
      refusal,
      ...waits,
    );
    if (fileId === undefined) {
      createsLate.add(client);
      givenUp.abort();
    }
  } catch (error) {
    givenUp.abort();
    if (!exchange.wasSent()) failedHosts.push(url.hostname);
    throw error;
  }

  return {
    fileId,
    send: (bytes) => within('the DataNode took no bytes', written(request, bytes), refusal),
    async finish() {
      request.end();
      const { response, body } = await within('the DataNode did not complete the file', reply);
      if (response.statusCode !== 201) throw replyError(facts, url.origin, response, body);
    },
    abort: () => {
      request.destroy();
    },
  };
}

/**
 * Where the bytes go. No flags go through a gateway: HttpFS knows none, and Knox encodes the comma between them twice, so that a
 * DataNode refuses them.
 */
async function uploadPlace(
  client: WebHdfsClient,
  call: Call,
  failedHosts: readonly string[],
): Promise<DataPlace> {
  const place = await client.dataPlace(call, failedHosts);
  if (place.isGateway !== true) return place;
  const { createflag: _, ...parameters } = call.parameters ?? {};
  return await client.dataPlace({ ...call, parameters }, failedHosts);
}

/** The id of the file at the call's path, as soon as there is one. Gives up looking when the file was refused. */
async function appeared(looks: Looks, { path, op }: Call, signal: AbortSignal): Promise<string> {
  for (let delayMs = 2; ; delayMs = Math.min(delayMs * 2, maxLookDelayMs)) {
    const found = await looks.remote(path, op);
    if (found !== undefined) return found.status.fileId;
    await sleep(delayMs, undefined, { signal });
  }
}

function written(request: ClientRequest, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    request.write(bytes, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
