import { Socket } from 'node:net';
import type { Settings } from '../../config/settings.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { join, workspacePath } from '../../partition/names.ts';
import type { BinExecutor } from '../../pipeline/bin-executor.ts';
import type { Store } from '../../store/store.ts';
import { nameOfThisUser } from '../open-dataset.ts';
import { placeOf } from './dataset-place.ts';
import { socketExecutors } from './socket-executor.ts';

/** A dataset that executors are to work on. */
export interface ExecutorsDataset {
  readonly settings: Settings;
  readonly store: Store;
  /** Full path within the store. */
  readonly basePath: string;
}

/** Whoever is at the other end of a connection that this process was started with. */
export interface Executors {
  /**
   * Who merges the bins of a dataset.
   * @throws ConfigError `executors-gateway`; StoreError
   */
  for(dataset: ExecutorsDataset): Promise<BinExecutor>;
  /** Hangs up. Whoever connects does so at the end. */
  close(): void;
}

/**
 * Connects to executors.
 * @param descriptor file descriptor of the connection, as typed
 * @throws ConfigError `no-executors`
 */
export function connectExecutors(descriptor: string, version: string, log: Logger): Executors {
  const executors = socketExecutors(openSocket(descriptor), { version, log });
  return {
    for: async ({ settings, store, basePath }) => {
      const nothing = join(workspacePath(basePath), 'never-made.staged');
      if (await store.isGateway?.(nothing)) throw behindGateway(store);
      return executors.at(placeOf(settings, settings.base.kind === 'hdfs' ? nameOfThisUser() : ''));
    },
    close: () => executors.close(),
  };
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
