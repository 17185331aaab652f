import { after } from 'node:test';
import {
  type ClusterOptions,
  type HdfsCluster,
  runningCluster,
  sharedClusterVariables,
  startCluster,
  unlessUnavailable,
} from './hdfs-daemons.ts';

export type { ClusterOptions, HdfsCluster } from './hdfs-daemons.ts';

const toStop: HdfsCluster[] = [];
let shared: Promise<HdfsCluster | undefined> | undefined;

// Registered when a test file imports this: its last test is over then.
after(async () => {
  await Promise.all(toStop.map((cluster) => cluster.stop()));
});

/**
 * The cluster that all test files of a run share; a test file that runs on its own starts one and stops it at its end.
 * Tests that use it work in directories of their own and leave its daemons alone, and nobody stops it.
 *
 * @returns `undefined` where Java or Maven are missing, after saying so loudly: such tests are skipped, with
 *   {@link noHdfs} as their reason
 * @throws Error instead, where `CI` is set
 */
export function sharedCluster(): Promise<HdfsCluster | undefined> {
  shared ??= findShared();
  return shared;
}

/** The reason for skipping a test that needs HDFS. */
export const noHdfs = 'no HDFS: install Java (11 to 23) and Maven';

async function findShared(): Promise<HdfsCluster | undefined> {
  const state = process.env[sharedClusterVariables.state];
  if (state !== undefined) return runningCluster(state);
  // The test run has said it once for all files.
  if (process.env[sharedClusterVariables.missing] !== undefined) return undefined;
  return await unlessUnavailable(async () => await ownCluster());
}

/** A cluster of the caller's own, whose daemons it may kill. Stopped at the end of the test file if not before. */
export async function ownCluster(options: ClusterOptions = {}): Promise<HdfsCluster> {
  const cluster = await startCluster(options);
  toStop.push(cluster);
  return cluster;
}
