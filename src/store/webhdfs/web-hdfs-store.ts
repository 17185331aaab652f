import { StoreError } from '../../core/errors.ts';
import type { Store } from '../store.ts';
import { setRemoteAttributes } from './attributes.ts';
import { webHdfsClient } from './client.ts';
import type { HdfsCluster } from './cluster.ts';
import type { ClusterLoads } from './cluster-load.ts';
import { concatRemote, maxSourceBytes } from './concat.ts';
import { deleteRemoteFile, deleteRemoteTree, removeRemoteIfEmpty } from './delete.ts';
import { listStatuses } from './listing.ts';
import { looksOf } from './look.ts';
import { makeRemoteDirectory } from './make-directory.ts';
import { remoteObstacles } from './obstacles.ts';
import { remoteQuotas } from './quotas.ts';
import { renameRemote, replaceRemote } from './rename.ts';
import { serverDefaults } from './server-defaults.ts';
import { createSink } from './sink.ts';
import { openSource } from './source.ts';
import { remoteSurvey } from './survey.ts';
import { whoAsks } from './who-asks.ts';

/**
 * The store on an HDFS, over WebHDFS of its NameNode and DataNodes. Calls that change nothing are repeated when they fail
 * for a passing reason; calls that do are repeated only when they have certainly not been done (no connection, safe
 * mode, standby). Nothing is asked before the first call. Idle connections do not keep the process alive.
 * @param loads clusters that other stores of the run lie on: what one of them may be asked holds for all of its stores together
 */
export function webHdfsStore(cluster: HdfsCluster, loads?: ClusterLoads): Store {
  const client = webHdfsClient(cluster, loads);
  const looks = looksOf(client);
  const defaults = serverDefaults(client);
  const who = whoAsks(client);
  const isReplacedWhole = cluster.swap === 'rename';

  const nowMs = async (): Promise<number> => {
    const known = client.clock.timeAt(performance.now());
    if (known !== undefined) return known;
    // Any answer brings the time.
    await looks.remote('/', 'now');
    const now = client.clock.timeAt(performance.now());
    if (now !== undefined) return now;
    throw new StoreError(`cannot tell the time of ${client.uri}: its answers have no date`, {
      code: 'not-webhdfs',
      op: 'now',
      path: '/',
    });
  };

  return {
    uri: cluster.uri,
    abilities: {
      remote: true,
      fold: !isReplacedWhole,
      hardLink: false,
      ...(isReplacedWhole ? { moveAlong: true } : { concatPathBytes: maxSourceBytes }),
    },

    survey: remoteSurvey(client, { looks, who, quotas: remoteQuotas(client, looks), defaults }),

    nowMs,
    list: (directory, range) => listStatuses(client, looks, directory, range),
    stat: (path) => looks.status(path),
    open: async (path, expected) => openSource(client, looks, path, expected),

    makeDirectory: (path, mode) => makeRemoteDirectory(client, looks, path, mode),
    create: async (path, placement) => createSink(client, looks, path, placement, await defaults()),
    rename: (from, to) => renameRemote(client, looks, from, to),
    hardLink: (from) =>
      Promise.reject(
        new StoreError(`cannot give ${client.uri}${from} a second name: HDFS has no hard links`, {
          code: 'not-supported',
          op: 'hard-link',
          path: from,
        }),
      ),
    concat: (target, sources) => concatRemote(client, target, sources),
    replaceFile: (from, to, replacedId) => replaceRemote(client, looks, from, to, replacedId),
    foldObstacles: (directory, files, workspace) =>
      remoteObstacles({ client, looks, who, workspace, isReplacedWhole }, directory, files),
    deleteFile: (path) => deleteRemoteFile(client, looks, path),
    deleteDirectory: (path) => deleteRemoteTree(client, looks, path),
    removeEmptyDirectory: (path) => removeRemoteIfEmpty(client, looks, path),
    setAttributes: (path, attributes) => setRemoteAttributes(client, looks, path, attributes),
    isGateway: (path) => client.isGateway(path),
    assureForSwap: () => client.authentication.assureForSwap(),
    close: () => client.authentication.close(),
    async touch(path) {
      await client.json({
        method: 'PUT',
        operation: 'SETTIMES',
        path,
        parameters: { modificationtime: await nowMs() },
        op: 'touch',
      });
    },
  };
}
