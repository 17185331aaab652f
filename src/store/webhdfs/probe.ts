import { StoreError } from '../../core/errors.ts';
import { type AskingAs, ask } from './ask.ts';
import { type CallFacts, replyError } from './call-errors.ts';
import { serverClock } from './clock.ts';
import type { Endpoint } from './cluster.ts';

/** Longest wait for the answer of a NameNode that is one of several. */
const answerMs = 10_000;

/** A path that nobody has. */
const nowhere = '/.no-such-directory-of-parquet-consolidator/probe';

/** Answers that only the NameNode gives that may change something. */
const activeCodes = new Set([
  'not-found',
  'permission-denied',
  'safe-mode',
  'not-a-directory',
  'not-supported',
  'store-failed',
]);

/**
 * Finds out whether an endpoint is the active NameNode, by asking it to set the times of a file that does not exist. A
 * NameNode that is not active says so before it looks at anything (`FSNamesystem.checkOperation`), an observer too,
 * which answers questions; the active one finds no such file and changes nothing.
 */
export function probeOf(asking: AskingAs): (endpoint: Endpoint) => Promise<StoreError | undefined> {
  const { timeouts } = asking;
  const ms = Math.min(timeouts.idleMs, answerMs);
  // Each server has a clock of its own, and only that of the active one counts.
  const quick = {
    ...asking,
    clock: serverClock(),
    timeouts: { connectMs: Math.min(timeouts.connectMs, ms), idleMs: ms, wholeMs: ms },
  };
  return async (endpoint) => {
    const facts: CallFacts = {
      op: 'find-active',
      path: '/',
      attempt: `look whether ${endpoint.origin} is the active NameNode`,
      isMutation: false,
    };
    const question = {
      endpoint,
      facts,
      method: 'PUT',
      operation: 'SETTIMES',
      target: `${endpoint.basePath ?? ''}/webhdfs/v1${nowhere}`,
      parameters: { op: 'SETTIMES', modificationtime: -1, accesstime: -1 },
    } as const;
    try {
      const { status, body } = await ask(question, quick);
      if (status === 200) return undefined;
      const error = replyError(facts, endpoint.origin, { statusCode: status }, body);
      return activeCodes.has(error.code) ? undefined : error;
    } catch (error) {
      if (error instanceof StoreError) return error;
      throw error;
    }
  };
}
