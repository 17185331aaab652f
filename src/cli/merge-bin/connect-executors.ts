import { Socket } from 'node:net';
import type { Settings } from '../../config/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { join, workspacePath } from '../../partition/names.ts';
import type { Store } from '../../store/store.ts';
import { nameOfThisUser } from '../open-dataset.ts';
import { placeOf } from './dataset-place.ts';
import { type SocketExecutor, socketExecutor } from './socket-executor.ts';

/** The dataset that executors are to work on. */
export interface ExecutorsDataset {
  readonly settings: Settings;
  readonly store: Store;
  /** Full path within the store. */
  readonly basePath: string;
  readonly version: string;
  readonly log: Logger;
}

/**
 * The executors at the other end of a connection that this process was started with. Whoever connects closes.
 * @param descriptor its file descriptor, as typed
 * @throws ConfigError `no-executors`, `executors-gateway`; StoreError
 */
export async function connectExecutors(
  descriptor: string,
  dataset: ExecutorsDataset,
): Promise<SocketExecutor> {
  const { settings, store, basePath, version, log } = dataset;
  if (await store.isGateway?.(join(workspacePath(basePath), 'never-made.staged'))) throw behindGateway(store);
  const place = placeOf(settings, settings.base.kind === 'hdfs' ? nameOfThisUser() : '');
  return socketExecutor(openSocket(descriptor), { place, version, log });
}

function openSocket(descriptor: string): Socket {
  const fd = /^\d{1,6}$/.test(descriptor) ? Number(descriptor) : -1;
  try {
    return new Socket({ fd, readable: true, writable: true });
  } catch (cause) {
    throw new ConfigError(`--executors ${descriptor}: this process has no connection of that number`, {
      code: 'no-executors',
      hint: 'Start it by scripts/consolidate_on_spark.py, which gives it one.',
      dataState: 'nothing was touched',
      cause,
    });
  }
}

function behindGateway({ uri }: Store): ConfigError {
  return new ConfigError(
    `${uri} is reached through a gateway (HttpFS, Knox), which makes missing directories where a file is created: an ` +
      'executor that was given up could so write into a run that is long over',
    {
      code: 'executors-gateway',
      hint: 'Name the NameNode itself, which executors within the cluster can reach; or leave --executors away.',
      dataState: 'nothing was touched',
    },
  );
}
