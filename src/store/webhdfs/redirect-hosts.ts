import { isIP } from 'node:net';
import { StoreError } from '../../core/errors.ts';
import { elementsAt, textAt } from '../../core/json-fields.ts';
import type { CallFacts } from './call-errors.ts';
import type { Endpoint } from './cluster.ts';

/** Decides whether a server may be sent to where a NameNode names it. */
export interface RedirectHosts {
  /** Rejects with a StoreError `unexpected-redirect` when the host of `url` is none that belongs to the cluster. */
  assertExpected(facts: CallFacts, endpoint: Endpoint, url: URL): Promise<void>;
}

/** What the decision is made by. */
export interface RedirectRules {
  readonly endpoints: readonly Endpoint[];
  /** The only hosts beside the endpoints': names, or domains with a dot in front. */
  readonly allowed?: readonly string[];
  /** The JSON of a servlet of an endpoint. */
  readonly servlet: (origin: string, pathAndQuery: string, attempt: string) => Promise<unknown>;
}

/** The management bean that names the DataNodes; every user may read it unless the cluster says otherwise. */
const liveNodesQuery = '/jmx?get=Hadoop:service=NameNode,name=NameNodeInfo::LiveNodes';

/** For so long a DataNode that is not on the list is believed to be none. */
const listAgeMs = 60_000;

/**
 * A redirect is expected to the host of a NameNode or gateway itself; where hosts are configured, to these and no
 * others; else to the DataNodes that the NameNode lists (`NameNodeInfo.LiveNodes`). Where it lists none (a gateway, a
 * router, a cluster whose beans only administrators read), it is expected within the NameNode's own domain or network.
 */
export function redirectHosts({ endpoints, allowed, servlet }: RedirectRules): RedirectHosts {
  const own = new Set(endpoints.map(({ origin }) => hostOf(new URL(origin))));
  let listed: { readonly hosts: Promise<ReadonlySet<string> | undefined>; readonly atMs: number } | undefined;

  const dataNodes = (origin: string, isFresh: boolean): Promise<ReadonlySet<string> | undefined> => {
    if (listed === undefined || (isFresh && performance.now() - listed.atMs > listAgeMs)) {
      listed = { hosts: liveNodes(servlet, origin), atMs: performance.now() };
    }
    return listed.hosts;
  };

  const isExpected = async (origin: string, host: string): Promise<boolean> => {
    const asker = hostOf(new URL(origin));
    if (own.has(host) || (isLoopback(asker) && isLoopback(host))) return true;
    if (allowed !== undefined) return allowed.some((one) => matches(host, one));
    const known = await dataNodes(origin, false);
    if (known === undefined) return isNear(asker, host);
    return known.has(host) || (await dataNodes(origin, true))?.has(host) === true;
  };

  return {
    async assertExpected({ attempt, op, path }, { origin }, url) {
      const host = hostOf(url);
      if (await isExpected(origin, host)) return;
      const why =
        allowed === undefined
          ? 'which is not known to be a DataNode of the cluster'
          : `which is none of the hosts that are allowed (${allowed.join(', ')})`;
      throw new StoreError(`cannot ${attempt}: ${origin} redirects to ${url.origin}, ${why}`, {
        code: 'unexpected-redirect',
        op,
        path,
        hint:
          'if it belongs to the cluster, name it in hdfs.allowed_redirect_hosts (HDFS_ALLOWED_REDIRECT_HOSTS): hosts, or ' +
          'domains with a dot in front, separated by commas',
      });
    },
  };
}

/** Hosts of the DataNodes as the NameNode calls them; undefined where it does not tell. Never rejects. */
async function liveNodes(
  servlet: RedirectRules['servlet'],
  origin: string,
): Promise<ReadonlySet<string> | undefined> {
  try {
    const json = await servlet(origin, liveNodesQuery, `ask ${origin} for its DataNodes`);
    const told = textAt(elementsAt(json, 'beans')?.[0], 'LiveNodes');
    const nodes: unknown = told === undefined ? undefined : JSON.parse(told);
    if (typeof nodes !== 'object' || nodes === null) return undefined;
    const hosts = new Set<string>();
    for (const [name, node] of Object.entries(nodes)) {
      for (const address of [name, textAt(node, 'infoAddr'), textAt(node, 'infoSecureAddr')]) {
        const host = address?.replace(/:\d+$/, '').toLowerCase() ?? '';
        if (host !== '') hosts.add(host);
      }
    }
    return hosts;
  } catch (error) {
    if (error instanceof StoreError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function hostOf(url: URL): string {
  return url.hostname.toLowerCase();
}

function matches(host: string, allowed: string): boolean {
  return allowed.startsWith('.') ? host.endsWith(allowed) : host === allowed;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Within one domain of at least two labels, both without a domain, or both at private addresses. */
export function isNear(asker: string, host: string): boolean {
  if (isIP(asker) !== 0 || isIP(host) !== 0) return isPrivate(asker) && isPrivate(host);
  const domain = asker.slice(asker.indexOf('.') + 1);
  if (!asker.includes('.')) return !host.includes('.');
  return domain.includes('.') && (host === domain || host.endsWith(`.${domain}`));
}

/** RFC 1918. */
function isPrivate(host: string): boolean {
  return /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(host) && isIP(host) === 4;
}
