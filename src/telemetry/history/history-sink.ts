import type { Logger } from '../../core/log.ts';
import type { Store } from '../../store/store.ts';
import type { ReportSink } from '../run-report.ts';
import { deliverReceipts } from './deliver-receipts.ts';
import { connectPostgres, databaseName } from './postgres.ts';
import { problemOf } from './problem-of.ts';

/** Longest wait for a server to let us in, and for one of its answers. */
const limits = { connectTimeoutMs: 10_000, statementTimeoutMs: 30_000 };

/** So long a run goes on with what earlier ones left; a dataset that was never delivered may have thousands of receipts. */
const timeLimitMs = 60_000;

/** What the history of a dataset is delivered with. */
export interface HistoryDelivery {
  readonly url: string;
  readonly store: Store;
  /** Full path of the dataset within the store. */
  readonly basePath: string;
  readonly log: Logger;
}

/**
 * Delivers the receipts of a run's dataset to its database: those of this run, and all that could not be delivered before.
 */
export function historySink({ url, store, basePath, log }: HistoryDelivery): ReportSink {
  return {
    name: 'history',
    deliver: async ({ dataset }) => {
      try {
        const database = await connectPostgres(url, limits);
        try {
          const delivery = { store, basePath, database, dataset, log, timeLimitMs };
          const { count, left } = await deliverReceipts(delivery);
          log.info(`history: ${count} consolidations and undos were new to ${database.name}`);
          if (left > 0) {
            log.warn(`${left} older receipts are left for the next runs; \`history\` delivers all at once`);
          }
        } finally {
          await database.close();
        }
        return [];
      } catch (error) {
        return [
          `the history could not be delivered to ${databaseName(url)}: ${problemOf(error)}; nothing is lost: the receipts ` +
            'are in the store, and the next run or `history` delivers them. Look at: psql "$DATABASE_URL" -c "SELECT 1"',
        ];
      }
    },
  };
}
