import { StoreError } from '../../core/errors.ts';
import { encodeQueryValue } from '../encode-query-value.ts';
import type { WebHdfsClient } from './client.ts';

/**
 * Most bytes that the encoded sources may have together: a NameNode takes a request head of 65,536 bytes
 * (`hadoop.http.max.request.header.size`), and 7,500 are left for the target and the rest.
 */
export const maxSourceBytes = 58_000;

/**
 * Appends the bytes of `sources` to `target` and removes them, in one transaction (`FSDirConcatOp`).
 * @throws StoreError `not-found`; `concat-refused` with the NameNode's reason. Nothing has changed then.
 */
export async function concatRemote(
  client: WebHdfsClient,
  target: string,
  sources: readonly string[],
): Promise<void> {
  // A NameNode does take `//.reserved/…`, writes it down unresolved, and cannot read its own journal at its next start.
  const unclean = [target, ...sources].find((path) => path.includes('//') || path.startsWith('/.reserved/'));
  if (unclean !== undefined) throw refused(client, target, `${unclean} is no plain path`, undefined);
  const withComma = sources.find((source) => source.includes(','));
  if (withComma !== undefined) throw refused(client, target, `the path ${withComma} has a comma`, undefined);
  const bytes = sources.reduce((sum, source) => sum + encodeQueryValue(source).length + 1, 0);
  if (bytes > maxSourceBytes) {
    throw refused(
      client,
      target,
      `the sources' paths have ${bytes} bytes, at most ${maxSourceBytes} fit`,
      undefined,
    );
  }
  try {
    await client.json({
      method: 'POST',
      operation: 'CONCAT',
      path: target,
      parameters: { sources: sources.join(',') },
      op: 'concat',
      attempt: `append ${sources.length} files to ${client.uri}${target}`,
    });
  } catch (error) {
    if (!(error instanceof StoreError) || error.outcomeUnknown || error.retryable) throw error;
    if (error.remoteException === undefined || error.code === 'not-found') throw error;
    throw refused(client, target, error.message.replace(/^[^:]*: .*?: /, ''), error);
  }
}

function refused(
  client: WebHdfsClient,
  target: string,
  why: string,
  cause: StoreError | undefined,
): StoreError {
  return new StoreError(`cannot append files to ${client.uri}${target}: ${why}`, {
    code: 'concat-refused',
    op: 'concat',
    path: target,
    ...(cause === undefined ? {} : { cause }),
    ...(cause?.status === undefined ? {} : { status: cause.status }),
    ...(cause?.remoteException === undefined ? {} : { remoteException: cause.remoteException }),
    ...(cause?.hint === undefined ? {} : { hint: cause.hint }),
  });
}
