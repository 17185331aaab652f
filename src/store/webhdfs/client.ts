import { StoreError } from '../../core/errors.ts';
import {
  type AskingAs,
  ask,
  csrfHeaders,
  heed,
  type Question,
  type Reply,
  transportOver,
  urlOf,
} from './ask.ts';
import type { Authentication } from './auth/authentication.ts';
import { authenticationFor } from './auth/authentication-for.ts';
import {
  type CallFacts,
  dataHere,
  dataHereCode,
  gatewayError,
  replyError,
  strangeReply,
} from './call-errors.ts';
import { type ServerClock, serverClock } from './clock.ts';
import type { Endpoint, HdfsCluster } from './cluster.ts';
import { type ClusterLoads, loadOf } from './cluster-load.ts';
import { beginExchange, type Exchange, type RequestHead } from './exchange.ts';
import { onlyNameNode, severalNameNodes } from './name-nodes.ts';
import { probeOf } from './probe.ts';
import { redirectTarget } from './redirect.ts';
import { redirectHosts } from './redirect-hosts.ts';
import { type RetryPolicy, withRetries } from './retry.ts';
import { type Timeouts, timeoutsFor } from './timeouts.ts';

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
  /** The answer is no JSON but that there is no refusal. */
  readonly isAnsweredByNothing?: boolean;
  /** What is attempted, to stand after `cannot`; `<operation of the store> <URI and path>` unless told. */
  readonly attempt?: string;
}

/** Where the data of a call is to be sent or fetched, and with what beside it. */
export interface DataPlace {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Set where a gateway takes or hands out the data itself. */
  readonly isGateway?: true;
}

/** Talks to the NameNodes of a cluster, and to the DataNodes that they name. */
export interface WebHdfsClient {
  readonly uri: string;
  readonly retries: RetryPolicy;
  readonly timeouts: Timeouts;
  readonly clock: ServerClock;
  readonly authentication: Authentication;
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
  dataPlace(call: Call, excludedHosts?: readonly string[]): Promise<DataPlace>;
  /**
   * Begins to send or fetch data. These connections are apart from those for calls: a transfer may last, and calls must
   * not wait for it. Those that read are limited, those that write are not, since they may wait for others that read.
   */
  beginData(place: DataPlace, head: Omit<RequestHead, 'url'>): Exchange;
  /**
   * Whether a gateway (HttpFS, Knox) answers and no NameNode: it sends writers to itself.
   * @param path of a file that is not there; it is not made
   */
  isGateway(path: string): Promise<boolean>;
  /** Origins of all configured NameNodes, in their order. */
  nameNodes(): readonly string[];
  /** Origin of the NameNode that answered last; before any did, of the first. */
  activeNameNode(): string;
  /**
   * The JSON of a servlet of that very NameNode, such as `/jmx?qry=…`; asked once.
   * @throws StoreError
   */
  servlet(origin: string, pathAndQuery: string, attempt: string): Promise<unknown>;
}

/**
 * A client for a cluster. Asks nothing yet.
 * @param loads clusters that other clients of the run speak to
 */
export function webHdfsClient(cluster: HdfsCluster, loads: ClusterLoads = new Map()): WebHdfsClient {
  const { uri, endpoints, csrfHeader } = cluster;
  const timeouts = timeoutsFor(cluster.timeoutMs);
  const { agents, readAgents, writeAgents, throttle } = loadOf(cluster, loads);
  const clock = serverClock();
  const retries = { maxRetries: cluster.maxRetries, firstDelayMs: cluster.firstRetryDelayMs ?? 400 };
  const common = {
    agents,
    timeouts,
    throttle,
    ...(csrfHeader === undefined ? {} : { csrfHeader }),
  };
  const authentication = authenticationFor(cluster, transportOver(common, uri));
  const asking: AskingAs = { ...common, authentication, clock };
  /** Endpoints that take or hand out data themselves. */
  const gateways = new Set(endpoints.filter(({ kind }) => kind === 'gateway').map(({ origin }) => origin));
  /** Those that answer OPEN with the data and no redirect (HttpFS). */
  const handsOut = new Set<string>();
  const nameNodes =
    endpoints.length === 1
      ? onlyNameNode(endpoints[0])
      : severalNameNodes(endpoints, { uri, probe: probeOf(asking), limitMs: cluster.failoverMs ?? 120_000 });

  const factsOf = ({ method, op, path, attempt }: Call): CallFacts => ({
    op,
    path,
    attempt: attempt ?? `${op.replaceAll('-', ' ')} ${uri}${path}`,
    isMutation: method !== 'GET',
  });

  const questionOf = (call: Call, endpoint: Endpoint, facts: CallFacts) => ({
    endpoint,
    facts,
    method: call.method,
    operation: call.operation,
    target: `${endpoint.basePath ?? ''}/webhdfs/v1${encodePath(call.alias ?? call.path)}`,
    parameters: { op: call.operation, ...call.parameters },
  });

  const servlet: WebHdfsClient['servlet'] = async (origin, pathAndQuery, attempt) => {
    const endpoint = endpoints.find((one) => one.origin === origin) ?? { origin };
    const facts = { op: 'stat', path: '/', attempt, isMutation: false };
    const [target = '', query = ''] = pathAndQuery.split('?');
    const { status, body } = await ask(
      {
        endpoint,
        facts,
        method: 'GET',
        operation: target,
        target,
        parameters: Object.fromEntries(new URLSearchParams(query)),
      },
      asking,
    );
    if (status !== 200) throw replyError(facts, origin, { statusCode: status }, body);
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      throw strangeReply(facts, origin, 200, body);
    }
  };
  const hosts = redirectHosts({
    endpoints,
    servlet,
    ...(cluster.allowedRedirectHosts === undefined ? {} : { allowed: cluster.allowedRedirectHosts }),
  });

  /** Credentials too: this server takes or hands out the data itself, and asks again who somebody is. */
  const ownPlace = async (question: Question, url?: URL): Promise<DataPlace> => {
    const credentials = await authentication.credentialsFor(question);
    return {
      isGateway: true,
      url: url ?? urlOf(question, credentials),
      headers: { ...csrfHeaders(csrfHeader, question.method), ...credentials.headers },
    };
  };

  const placeOf = (call: Call, facts: CallFacts): Promise<DataPlace> =>
    nameNodes.onActive(async (endpoint) => {
      const question = questionOf(call, endpoint, facts);
      if (call.method === 'GET' && handsOut.has(endpoint.origin)) return await ownPlace(question);
      let reply: Reply;
      try {
        reply = await ask(question, asking, ({ statusCode, headers }) => {
          if (statusCode !== 200) return;
          // Left off before the data is read: it is asked for by whoever wants it.
          const isData =
            call.method === 'GET' && dataType(call.operation).test(headers['content-type'] ?? '');
          throw isData ? dataHere(facts, endpoint.origin) : gatewayError(facts, endpoint.origin);
        });
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== dataHereCode) throw error;
        handsOut.add(endpoint.origin);
        gateways.add(endpoint.origin);
        return await ownPlace(question);
      }
      const { status, headers, body } = reply;
      if (status !== 307) throw replyError(facts, endpoint.origin, { statusCode: status }, body);
      const url = redirectTarget(facts, endpoint.origin, headers.location);
      await hosts.assertExpected(facts, endpoint, url);
      if (url.origin !== endpoint.origin) return { url, headers: csrfHeaders(csrfHeader, call.method) };
      gateways.add(endpoint.origin);
      return await ownPlace(question, url);
    });

  return {
    uri,
    retries,
    timeouts,
    clock,
    authentication,
    factsOf,

    json: (call) =>
      withRetries(retries, () =>
        nameNodes.onActive(async (endpoint) => {
          const facts = factsOf(call);
          const { status, body } = await ask(questionOf(call, endpoint, facts), asking);
          if (status !== 200) throw replyError(facts, endpoint.origin, { statusCode: status }, body);
          // Every question has an answer; of mutations an empty one may be the good one.
          if (body.length === 0 && (call.method !== 'GET' || call.isAnsweredByNothing === true))
            return undefined;
          try {
            return JSON.parse(body.toString('utf8'));
          } catch {
            throw strangeReply(facts, endpoint.origin, 200, body);
          }
        }),
      ),

    async dataPlace(call, excludedHosts = []) {
      // The NameNode only names a DataNode here, whatever the method.
      const facts = { ...factsOf(call), isMutation: false };
      if (excludedHosts.length === 0) return placeOf(call, facts);
      try {
        const parameters = { ...call.parameters, excludedatanodes: excludedHosts.join(',') };
        return await placeOf({ ...call, parameters }, facts);
      } catch (error) {
        // None is left beside those: then they are better than nothing.
        if (!(error instanceof StoreError) || error.code !== 'store-failed') throw error;
        return await placeOf(call, facts);
      }
    },

    beginData(place, head) {
      const whole = { ...head, url: place.url, headers: { ...place.headers, ...head.headers } };
      const exchange = beginExchange(whole, head.method === 'GET' ? readAgents : writeAgents, timeouts);
      exchange.response.then(
        (response) => {
          heed(response, throttle);
          if (response.statusCode === 307) handsOut.delete(place.url.origin);
        },
        () => {
          // Whoever waits for the response is told.
        },
      );
      return exchange;
    },

    async isGateway(path) {
      if (!gateways.has(nameNodes.current().origin)) {
        const call = { method: 'PUT', operation: 'CREATE', path, op: 'create' } as const;
        const facts = { ...factsOf(call), isMutation: false };
        // Only the first step, after which nothing is there yet.
        await withRetries(retries, () => placeOf(call, facts));
      }
      return gateways.has(nameNodes.current().origin);
    },

    nameNodes: () => nameNodes.all.map(({ origin }) => origin),
    activeNameNode: () => nameNodes.current().origin,

    servlet,
  };
}

/** The type of what a DataNode sends. */
function dataType(operation: string): RegExp {
  return operation === 'OPEN' ? /^application\/octet-stream/ : /^application\/json/;
}

/** A path as it stands in a URL. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
