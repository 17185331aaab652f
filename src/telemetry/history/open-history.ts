import { ConfigError, StoreError } from '../../core/errors.ts';
import type { Logger } from '../../core/log.ts';
import { msPerDay } from '../../core/units.ts';
import type { PartitionLayout } from '../../partition/layout.ts';
import type { Store } from '../../store/store.ts';
import type { HistoryDatabase } from './database.ts';
import { deliverReceipts } from './deliver-receipts.ts';
import type { HistoryQuery } from './history-query.ts';
import { problemOf } from './problem-of.ts';

/** Where a history may come from. */
export interface HistorySources {
  /** A PostgreSQL server; absent: the receipts alone. */
  readonly url?: string;
  /** The dataset's store; absent where it cannot be reached. */
  readonly store?: Store;
  readonly basePath?: string;
  /** How its partitions are called; absent: `date=…`. */
  readonly layout?: PartitionLayout;
  /** What will be asked: of receipts only those are read that it is about. */
  readonly query: HistoryQuery;
  readonly log: Logger;
}

/** A history that can be asked. Whoever opened it closes the database. */
export interface OpenHistory {
  readonly database: HistoryDatabase;
  /** database: all that was ever delivered. receipts: what lies in the dataset, as far as the query goes. */
  readonly source: 'database' | 'receipts';
}

const limits = { connectTimeoutMs: 10_000, statementTimeoutMs: 300_000 };

/**
 * The history in the database, with what the receipts in the dataset have beyond it; where there is none, or it does not answer,
 * that of the receipts, in a database of this process: the same schema and the same SQL.
 * @throws ConfigError `history-needs-pglite`, `history-newer`, `history-unreachable`; StoreError
 */
export async function openHistory(sources: HistorySources): Promise<OpenHistory> {
  const { url, store, basePath, layout, query, log } = sources;
  const { dataset } = query;
  if (url !== undefined) {
    const database = await connected(url, log);
    if (database !== undefined) {
      if (store === undefined || basePath === undefined) return { database, source: 'database' };
      return await closingOnFailure(database, async () => {
        await caughtUp({ store, basePath, database, dataset, log });
        return { database, source: 'database' };
      });
    }
  }
  if (store === undefined || basePath === undefined) {
    throw new ConfigError('neither the database of the history nor the dataset can be reached', {
      code: 'history-unreachable',
      hint: 'See the warnings above.',
      dataState: 'nothing was touched',
    });
  }
  const database = await inMemory();
  return await closingOnFailure(database, async () => {
    const { date, key, sinceMs } = query;
    // A run that ended since then may have begun long before.
    const begunSinceMs = sinceMs - msPerDay;
    const only = { ...(date === undefined ? {} : { date }), ...(key === undefined ? {} : { key }) };
    const by = layout === undefined ? {} : { layout };
    await deliverReceipts({ store, basePath, database, dataset, log, begunSinceMs, ...by, ...only });
    return { database, source: 'receipts' };
  });
}

async function connected(url: string, log: Logger): Promise<HistoryDatabase | undefined> {
  const { connectPostgres, databaseName } = await import('./postgres.ts');
  try {
    return await connectPostgres(url, limits);
  } catch (error) {
    log.warn(
      `the history in ${databaseName(url)} cannot be reached: ${problemOf(error)}; this is what the receipts in the dataset say`,
    );
    return undefined;
  }
}

/** What is in the database can be shown also where nothing new comes in. */
async function caughtUp(delivery: Parameters<typeof deliverReceipts>[0]): Promise<void> {
  try {
    await deliverReceipts(delivery);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    delivery.log.warn(`the history may not be complete: ${error.message}`);
  }
}

async function inMemory(): Promise<HistoryDatabase> {
  try {
    const { openPglite } = await import('./pglite.ts');
    return await openPglite();
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')) throw cause;
    throw new ConfigError(
      'the history of the receipts needs the package @electric-sql/pglite, which is not installed',
      {
        code: 'history-needs-pglite',
        hint:
          'Install it (npm install without --omit=optional), or name a PostgreSQL server in DATABASE_URL. The receipts are JSON ' +
          'below _consolidation in the dataset.',
        dataState: 'nothing was touched',
        cause,
      },
    );
  }
}

async function closingOnFailure<T>(database: HistoryDatabase, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await database.close();
    throw error;
  }
}
