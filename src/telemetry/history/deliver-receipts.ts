import { mapConcurrently } from '../../core/concurrency.ts';
import type { Logger } from '../../core/log.ts';
import { relativePathOf } from '../../core/partition-key.ts';
import type { SwapReceipt } from '../../swap/journal.ts';
import { readIfReadable } from '../../swap/receipts.ts';
import { type HistoryDatabase, inTransaction } from './database.ts';
import { migrate } from './migrations.ts';
import { type ReceiptPlace, type ReceiptSearch, receiptPlaces } from './receipt-places.ts';
import { receiptRows } from './receipt-rows.ts';

/** What to deliver, and where. */
export interface Delivery extends Omit<ReceiptSearch, 'addedSinceMs'> {
  readonly database: HistoryDatabase;
  /** As the rows name it. */
  readonly dataset: string;
  readonly log: Logger;
  /** Begin with no further receipt after this time; the rest is for the next delivery. Default: none. */
  readonly timeLimitMs?: number;
}

/** What a delivery came to. */
export interface Delivered {
  /** Receipts that came in. */
  readonly count: number;
  /** Receipts that are left for another time. */
  readonly left: number;
}

/** A directory's time may lie a little before that of what is in it, and clocks of a store's parts differ. */
const slackMs = 3_600_000;

/** Receipts read at once. */
const readTogether = 8;

/** Names asked for at once. */
const batch = 1000;

/**
 * Puts what the receipts of a dataset say into the database, as far as it is not there: the receipts are the spool, the database
 * itself says what was delivered. A receipt comes in exactly once, whole or not at all, however often and by however many
 * processes this is done; so a database that was away, or is new, catches up.
 *
 * @throws what the database throws; ConfigError `history-newer`; StoreError
 */
export async function deliverReceipts(delivery: Delivery): Promise<Delivered> {
  const { store, database, dataset, date, key, begunSinceMs } = delivery;
  await migrate(database);
  const lookedAtMs = await store.nowMs();
  const isWhole = date === undefined && key === undefined && begunSinceMs === undefined;
  const addedSinceMs = isWhole ? await lookedAt(database, dataset) : undefined;
  const places = await receiptPlaces({
    ...delivery,
    ...(addedSinceMs === undefined ? {} : { addedSinceMs: addedSinceMs - slackMs }),
  });
  const delivered = await deliverAll(delivery, await undelivered(database, places));
  if (isWhole && delivered.left === 0) await setLookedAt(database, dataset, lookedAtMs);
  return delivered;
}

/** A few at a time, since a receipt may name thousands of files; undos last, after what they undo. */
async function deliverAll(delivery: Delivery, places: readonly ReceiptPlace[]): Promise<Delivered> {
  const { store, database, log, timeLimitMs = Number.POSITIVE_INFINITY } = delivery;
  const startedMs = performance.now();
  const undos: SwapReceipt[] = [];
  let count = 0;
  for (let start = 0; start < places.length; start += readTogether) {
    if (performance.now() - startedMs > timeLimitMs) return { count, left: places.length - start };
    const some = places.slice(start, start + readTogether);
    for (const receipt of await mapConcurrently(some, readTogether, (place) =>
      readIfReadable(store, place.path, (problem) =>
        log.warn(`${problem}; it does not come into the history`),
      ),
    )) {
      if (receipt === undefined || receipt === 'unreadable') continue;
      if (receipt.kind === 'undo') undos.push({ ...receipt, removed: [], added: [] });
      else if (await deliverOne(delivery, receipt)) count++;
    }
  }
  for (const undo of undos) if (await deliverUndo(database, undo)) count++;
  return { count, left: 0 };
}

async function lookedAt(database: HistoryDatabase, dataset: string): Promise<number | undefined> {
  const [seconds] = await database.texts(
    'SELECT extract(epoch FROM looked_at)::text FROM consolidation_delivery WHERE dataset = $1',
    [dataset],
  );
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

async function setLookedAt(database: HistoryDatabase, dataset: string, timeMs: number): Promise<void> {
  await database.execute(
    `INSERT INTO consolidation_delivery (dataset, looked_at) VALUES ($1, $2::text::timestamptz)
     ON CONFLICT (dataset) DO UPDATE SET looked_at = greatest(consolidation_delivery.looked_at, excluded.looked_at)`,
    [dataset, new Date(timeMs).toISOString()],
  );
}

/** Those that the database does not have: neither as a consolidation nor as the undo of one. */
async function undelivered(
  database: HistoryDatabase,
  places: readonly ReceiptPlace[],
): Promise<readonly ReceiptPlace[]> {
  const known = new Set<string>();
  for (let start = 0; start < places.length; start += batch) {
    const asked = JSON.stringify(places.slice(start, start + batch).map(({ runId }) => runId));
    const wanted = '(SELECT jsonb_array_elements_text($1::text::jsonb))';
    const found = await database.texts(
      `SELECT run_id FROM consolidation_metrics WHERE run_id IN ${wanted}
       UNION SELECT undone_by FROM consolidation_metrics WHERE undone_by IN ${wanted} AND undone_at IS NOT NULL`,
      [asked],
    );
    for (const runId of found) known.add(runId);
  }
  return places.filter(({ runId }) => !known.has(runId));
}

/** Whether it was new to the database. One that does not fit into its tables is told of, so that it does not hold up the others. */
async function deliverOne({ database, dataset, log }: Delivery, receipt: SwapReceipt): Promise<boolean> {
  try {
    return await deliver(database, receipt, dataset);
  } catch (error) {
    // Classes 22 and 23 of SQL: what is wrong with data and not with the way there.
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^2[23]\w{3}$/.test(code)) throw error;
    log.warn(`the receipt of run ${receipt.runId} does not come into the history: ${String(error)}`);
    return false;
  }
}

/** Whether it was new to the database. */
async function deliver(database: HistoryDatabase, receipt: SwapReceipt, dataset: string): Promise<boolean> {
  const rows = receiptRows(receipt, dataset);
  if (rows === undefined) return false;
  return await inTransaction(database, 'READ WRITE', async () => {
    const inserted = await database.texts(insertMetrics, [JSON.stringify(rows.metrics)]);
    if (inserted.length === 0) return false;
    await database.execute(insertLog, [JSON.stringify(rows.log), receipt.runId, rows.metrics.partition_path]);
    return true;
  });
}

async function deliverUndo(
  database: HistoryDatabase,
  { undoneRunId, runId, date, finishedAtMs }: SwapReceipt,
): Promise<boolean> {
  const updated = await database.texts(
    `UPDATE consolidation_metrics SET undone_by = $1, undone_at = $2::text::timestamptz
     WHERE run_id = $3 AND partition_path = $4 AND undone_at IS NULL RETURNING run_id`,
    [runId, new Date(finishedAtMs).toISOString(), undoneRunId ?? '', relativePathOf(date)],
  );
  return updated.length > 0;
}

const insertMetrics = `
  INSERT INTO consolidation_metrics (
    run_id, partition_date, partition_path, dataset, calculation_date, tool_version, outcome, files_before_consolidation,
    files_after_consolidation, bytes_before, bytes_after, row_count, duration_seconds, undone_by, verification, warnings, arrivals)
  SELECT
    run_id, partition_date, partition_path, dataset, calculation_date, tool_version, outcome, files_before_consolidation,
    files_after_consolidation, bytes_before, bytes_after, row_count, duration_seconds, undone_by, verification, warnings, arrivals
  FROM jsonb_to_record($1::text::jsonb) AS given (
    run_id text, partition_date date, partition_path text, dataset text, calculation_date timestamptz, tool_version text,
    outcome text, files_before_consolidation integer, files_after_consolidation integer, bytes_before bigint, bytes_after bigint,
    row_count bigint, duration_seconds numeric, undone_by text, verification jsonb, warnings jsonb, arrivals jsonb)
  ON CONFLICT DO NOTHING
  RETURNING run_id`;

const insertLog = `
  INSERT INTO consolidation_log (
    run_id, partition_date, file_name, dataset, calculation_date, file_size_bytes, merged_into, processing_time_seconds,
    size_reduction_percent)
  SELECT
    metrics.run_id, metrics.partition_date, given.file_name, metrics.dataset, metrics.calculation_date,
    given.file_size_bytes, given.merged_into, given.processing_time_seconds, given.size_reduction_percent
  FROM jsonb_to_recordset($1::text::jsonb) AS given (
    file_name text, file_size_bytes bigint, merged_into text, processing_time_seconds numeric,
    size_reduction_percent numeric)
  JOIN consolidation_metrics AS metrics ON metrics.run_id = $2 AND metrics.partition_path = $3`;
