import { createHash } from 'node:crypto';
import { type Agents, makeAgents } from './agents.ts';
import { defaultLoadLimits, type HdfsCluster } from './cluster.ts';
import { makeThrottle, type Throttle } from './throttle.ts';

/** What goes to a cluster passes here, whichever client sends it. */
export interface ClusterLoad {
  /** For calls to NameNodes. */
  readonly agents: Agents;
  /** For reading from DataNodes. */
  readonly readAgents: Agents;
  /** For writing to them. */
  readonly writeAgents: Agents;
  /** For calls to NameNodes. */
  readonly throttle: Throttle;
}

/** The clusters that a run has to do with: all of its clients that speak to one share what it may be asked. */
export type ClusterLoads = Map<string, ClusterLoad>;

/** The load of a cluster: that of an earlier client of it with the same limits and certificates, if there is one in `loads`. */
export function loadOf(
  { endpoints, limits = defaultLoadLimits, tls }: HdfsCluster,
  loads: ClusterLoads,
): ClusterLoad {
  const origins = endpoints.map(({ origin }) => origin).toSorted();
  // A digest, since there may be a private key among it.
  const key = createHash('sha256')
    .update(JSON.stringify([origins, limits, tls]))
    .digest('hex');
  const load = loads.get(key) ?? {
    agents: makeAgents(limits.nameNodeConnections, tls),
    readAgents: makeAgents(limits.dataNodeConnections, tls),
    writeAgents: makeAgents(Infinity, tls),
    throttle: makeThrottle(limits.requestsPerSecond),
  };
  loads.set(key, load);
  return load;
}
