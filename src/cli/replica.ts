import { baseText } from '../config/base-location.ts';
import type { BaseLocation, Settings } from '../config/settings.ts';
import type { Logger } from '../core/log.ts';
import type { ReplicaKeeper } from '../pipeline/replica/replica-keeper.ts';
import type { ReplicaSide } from '../pipeline/replica/replicate-partition.ts';
import type { CliEnvironment } from './environment.ts';
import { openUnreached, type UnreachedDataset } from './open-dataset.ts';

/** What a replica is kept of. */
export interface ReplicatedDataset extends ReplicaSide {
  readonly settings: Settings;
  readonly stop: AbortSignal;
  readonly log: Logger;
}

/** The replica's store, of which nothing was asked yet. */
export function openReplica(
  settings: Settings,
  replica: BaseLocation,
  environment: Pick<CliEnvironment, 'atEnd' | 'loads'>,
): Promise<UnreachedDataset> {
  // Files are put into the replica as they are, by renames: nothing is folded there.
  const consolidation: Settings['consolidation'] = { ...settings.consolidation, swap: 'rename' };
  return openUnreached({ ...settings, base: replica, consolidation }, environment);
}

/**
 * Keeps the replica that the settings name; undefined when they name none. It is not asked for anything before there is something to
 * copy.
 * @throws ConfigError when the settings lack what its store needs
 */
export async function replicaOf(
  { settings, store, basePath, stop, log }: ReplicatedDataset,
  environment: CliEnvironment,
): Promise<ReplicaKeeper | undefined> {
  const { replica, safety } = settings;
  if (replica === undefined) return undefined;
  const [{ replicaKeeper }, opened] = await Promise.all([
    import('../pipeline/replica/replica-keeper.ts'),
    openReplica(settings, replica, environment),
  ]);
  return replicaKeeper({
    primary: { store, basePath },
    uri: baseText(replica),
    reach: async () => {
      await opened.reach();
      return opened;
    },
    toolVersion: environment.version,
    allowAttributeChange: safety.allowAttributeChange,
    stop,
    log,
  });
}
