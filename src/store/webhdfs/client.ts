import type { IncomingMessage } from 'node:http';
import { StoreError } from '../../core/errors.ts';
import { type Agents, makeAgents } from './agents.ts';
import { type CallFacts, gatewayError, noReplyError, replyError, strangeReply } from './call-errors.ts';
import { type ServerClock, serverClock } from './clock.ts';
import { beginExchange, bodyOf, type RequestHead } from './exchange.ts';
import { redirectTarget } from './redirect.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { type Timeouts, timeoutsFor } from './timeouts.ts';

/** How to reach a NameNode, and as whom. */
export interface WebHdfsOptions {
  /** What messages put before a path: `hdfs://host:8020`. */
  readonly uri: string;
  /** Scheme, host and port of the NameNode's HTTP server: `http://host:9870`. */
  readonly origin: string;
  /** Who asks, on a cluster that believes it. */
  readonly userName: string;
  /** How often a call that may be repeated is tried again. */
  readonly maxRetries: number;
  /** Longest silence in the middle of a call, 60,000 unless told. */
  readonly timeoutMs?: number;
  /** Wait before the first repetition, 400 unless told. */
  readonly firstRetryDelayMs?: number;
}

/** One WebHDFS operation. */
export interface Call {
  readonly method: RequestHead['method'];
  /** Its name in the query, e.g. `GETFILESTATUS`. */
  readonly operation: string;
  readonly path: string;
  /** The path to ask for, where it is another name of the same file. */
  readonly alias?: string;
  /** Parameters beside the operation and the user. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  /** The store's operation, for errors. */
  readonly op: string;
  /** What is attempted, to stand after `cannot`; `<operation of the store> <URI and path>` unless told. */
  readonly attempt?: string;
}

/** Talks to a NameNode, and to the DataNodes that it names. */
export interface WebHdfsClient {
  readonly uri: string;
  readonly retries: RetryPolicy;
  readonly timeouts: Timeouts;
  /** Connections for data, apart from those for calls: a transfer may last, and calls must not wait for it. */
  readonly dataAgents: Agents;
  readonly clock: ServerClock;
  /** What errors need to know of a call. */
  factsOf(call: Call): CallFacts;
  /**
   * The JSON that answers a call; undefined for an empty body. Tries again as `retries` says, a mutation only
   * when it has certainly not been done.
   * @throws StoreError
   */
  json(call: Call): Promise<unknown>;
  /**
   * The place where the data of a call is to be sent or fetched, as the NameNode names it; a single attempt.
   * @param excludedHosts DataNodes that the caller had no luck with
   * @throws StoreError; retryable also where the call itself is a mutation, since nothing was done yet
   */
  dataPlace(call: Call, excludedHosts?: readonly string[]): Promise<URL>;
}

/** Connections to the NameNode at a time; further calls wait for one. */
const maxCallConnections = 64;

/** A client for the NameNode at `options.origin`. Asks nothing yet. */
export function webHdfsClient(options: WebHdfsOptions): WebHdfsClient {
  const timeouts = timeoutsFor(options.timeoutMs);
  const agents = makeAgents(maxCallConnections);
  const clock = serverClock();
  const retries = { maxRetries: options.maxRetries, firstDelayMs: options.firstRetryDelayMs ?? 400 };

  const urlOf = ({ operation, path, alias = path, parameters = {} }: Call): URL => {
    const query = new Map<string, string | number | boolean>([
      ['op', operation],
      ['user.name', options.userName],
      ...Object.entries(parameters),
    ]);
    const text = [...query].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    return new URL(`${options.origin}/webhdfs/v1${encodePath(alias)}?${text}`);
  };

  const factsOf = ({ method, op, path, attempt }: Call): CallFacts => ({
    op,
    path,
    attempt: attempt ?? `${op.replaceAll('-', ' ')} ${options.uri}${path}`,
    isMutation: method !== 'GET',
  });

  /** Sends the call to the NameNode, once. */
  const ask = async (
    call: Call,
    facts: CallFacts,
    isForData = false,
  ): Promise<{ response: IncomingMessage; body: Buffer }> => {
    const sentMs = performance.now();
    const exchange = beginExchange({ url: urlOf(call), method: call.method }, agents, timeouts);
    try {
      const response = await exchange.response;
      // A NameNode dates its replies twice.
      clock.observe(response.headersDistinct.date?.[0], sentMs, performance.now());
      if (isForData && response.statusCode === 200) {
        response.destroy();
        throw gatewayError(facts, options.origin);
      }
      return { response, body: await bodyOf(response) };
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      throw noReplyError(facts, {
        server: options.origin,
        role: 'NameNode',
        wasSent: exchange.wasSent(),
        cause,
      });
    }
  };

  return {
    uri: options.uri,
    retries,
    timeouts,
    clock,
    dataAgents: makeAgents(Infinity),
    factsOf,

    json: (call) =>
      withRetries(retries, async () => {
        const facts = factsOf(call);
        const { response, body } = await ask(call, facts);
        if (response.statusCode !== 200) throw replyError(facts, options.origin, response, body);
        // Every question has an answer; of mutations an empty one may be the good one.
        if (body.length === 0 && call.method !== 'GET') return undefined;
        try {
          return JSON.parse(body.toString('utf8'));
        } catch {
          throw strangeReply(facts, options.origin, 200, body);
        }
      }),

    async dataPlace(call, excludedHosts = []) {
      // The NameNode only names a DataNode here, whatever the method.
      const facts = { ...factsOf(call), isMutation: false };
      const ofCall = async (excluded: readonly string[]): Promise<URL> => {
        const parameters =
          excluded.length === 0
            ? call.parameters
            : { ...call.parameters, excludedatanodes: excluded.join(',') };
        const { response, body } = await ask({ ...call, ...(parameters && { parameters }) }, facts, true);
        if (response.statusCode !== 307) throw replyError(facts, options.origin, response, body);
        return redirectTarget(facts, options.origin, response.headers.location);
      };
      try {
        return await ofCall(excludedHosts);
      } catch (error) {
        // None is left beside those: then they are better than nothing.
        if (excludedHosts.length === 0 || !(error instanceof StoreError) || error.code !== 'store-failed')
          throw error;
        return await ofCall([]);
      }
    },
  };
}

/** A path as it stands in a URL. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
