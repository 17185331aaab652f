import { setTimeout as sleepFor } from 'node:timers/promises';
import { StoreError } from '../../core/errors.ts';
import type { Endpoint } from './cluster.ts';

/** Which endpoint of a cluster calls go to. */
export interface NameNodes {
  readonly all: readonly Endpoint[];
  /** The one that answered last; before any did, the first. */
  current(): Endpoint;
  /**
   * Does `work` at the active one. When it fails for what is wrong with that server (a standby, no connection, no
   * answer) and another one is active by now, it is done there; not where it is unknown what became of it.
   * @throws StoreError that of `work`, or `no-active-namenode`
   */
  onActive<T>(work: (endpoint: Endpoint) => Promise<T>): Promise<T>;
}

/** The NameNodes of a cluster that has one. */
export function onlyNameNode(endpoint: Endpoint): NameNodes {
  return { all: [endpoint], current: () => endpoint, onActive: (work) => work(endpoint) };
}

/** How several NameNodes are told apart. */
export interface Search {
  /** What messages call the cluster. */
  readonly uri: string;
  /** Why an endpoint is not the active one; undefined when it is. Never rejects. */
  readonly probe: (endpoint: Endpoint) => Promise<StoreError | undefined>;
  /** Longest search for an active one. */
  readonly limitMs: number;
  readonly time?: SearchTime;
}

/** Time as the search sees it; tests have their own. */
export interface SearchTime {
  nowMs(): number;
  sleep(ms: number): Promise<unknown>;
}

const realTime: SearchTime = { nowMs: () => performance.now(), sleep: (ms) => sleepFor(ms) };

/** Before any has answered, somebody may be waiting who mistyped an address. */
const firstContactMs = 20_000;

/** For so long, once one has proved to be active, the others may say that they are too. */
const rivalMs = 250;

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** What is wrong with a server, and may be right with another one or in a moment. */
const serverCodes = new Set(['standby', 'unreachable', 'no-answer', 'busy', 'unavailable']);

/**
 * The NameNodes of a name service. Only one is asked at a time, and only after it proved to be active: some standbys
 * and all observers answer questions, from a state that lags behind. It is proved again after every call whose outcome
 * is unknown, so that the look that follows goes to whoever is active by then. Two that say they are (one was cut off
 * and does not know that it was superseded) are both not believed until one gives in.
 */
export function severalNameNodes(endpoints: readonly [Endpoint, ...Endpoint[]], search: Search): NameNodes {
  const { nowMs, sleep } = search.time ?? realTime;
  let active: Endpoint | undefined;
  let current = endpoints[0];
  let hasProved = false;
  let finding: Promise<Endpoint> | undefined;

  /** One look at all of them: the active one, or why each is not. */
  const lookOnce = async (): Promise<Endpoint | readonly StoreError[]> => {
    const proved: Endpoint[] = [];
    const others = endpoints.map(async (endpoint) => {
      const why = await search.probe(endpoint);
      if (why === undefined) proved.push(endpoint);
      return why;
    });
    const all = Promise.all(others);
    const one = Promise.any(
      others.map(async (other) => {
        if ((await other) !== undefined) throw new Error('not this one');
      }),
    ).then(
      () => Promise.race([all, sleep(rivalMs)]),
      () => all,
    );
    await one;
    const [only, rival] = proved;
    if (only === undefined) return (await all).filter((why) => why !== undefined);
    if (rival === undefined) return only;
    return [
      new StoreError(`${only.origin} and ${rival.origin} both say that they are active`, {
        code: 'busy',
        op: 'find-active',
        path: '/',
      }),
    ];
  };

  const find = async (): Promise<Endpoint> => {
    const startMs = nowMs();
    const limitMs = hasProved ? search.limitMs : Math.min(search.limitMs, firstContactMs);
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const found = await lookOnce();
      if ('origin' in found) {
        active = found;
        current = found;
        hasProved = true;
        return found;
      }
      const hopeless = found.find(({ code }) => !serverCodes.has(code));
      if (hopeless !== undefined && !hasProved) throw hopeless;
      const spentMs = nowMs() - startMs;
      if (spentMs + pauseMs > limitMs) throw noneActive(search.uri, found, spentMs);
      await sleep(pauseMs);
    }
  };

  const proven = async (): Promise<Endpoint> => {
    if (active !== undefined) return active;
    finding ??= find().finally(() => {
      finding = undefined;
    });
    return finding;
  };

  return {
    all: endpoints,
    current: () => current,
    async onActive(work) {
      for (let endpoint = await proven(); ; ) {
        try {
          return await work(endpoint);
        } catch (error) {
          if (!(error instanceof StoreError) || !(error.outcomeUnknown || serverCodes.has(error.code)))
            throw error;
          // Somebody else may have found out already.
          if (active === endpoint) active = undefined;
          if (error.outcomeUnknown) throw error;
          const next = await proven();
          // Nothing is wrong with the server then: the caller's own repetitions count.
          if (next === endpoint) throw error;
          endpoint = next;
        }
      }
    },
  };
}

function noneActive(uri: string, found: readonly StoreError[], spentMs: number): StoreError {
  const reasons = found.map(({ message }) => message.replace(/^cannot look whether /, '')).join('; ');
  const status = found.find((error) => error.status !== undefined)?.status;
  return new StoreError(
    `no NameNode of ${uri} is active, after looking for one for ${Math.round(spentMs / 1000)} s: ${reasons}`,
    {
      code: 'no-active-namenode',
      op: 'find-active',
      path: '/',
      ...(status === undefined ? {} : { status }),
      hint:
        'look which NameNodes run and in which state (hdfs haadmin -getAllServiceState), then run again; ' +
        'hdfs.failover_seconds says how long to look for an active one',
    },
  );
}
