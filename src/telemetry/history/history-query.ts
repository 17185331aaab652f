import { relativePathOf } from '../../core/partition-key.ts';
import { type HistoryDatabase, inTransaction, type Row, type SqlValue, selectRows } from './database.ts';

/** What to show of the history of a dataset. */
export interface HistoryQuery {
  readonly dataset: string;
  /** Only of the partitions of this date, `YYYY-MM-DD`. */
  readonly date?: string;
  /** Only of the partition with this key. */
  readonly key?: string;
  /** Not of runs that ended before, milliseconds since 1970. */
  readonly sinceMs: number;
  /** The newest so many. */
  readonly limit: number;
}

/** One consolidation of a partition, as JSON. */
export interface HistoryEntry {
  readonly finishedAt: string;
  readonly date: string;
  /** Its path below the base: `date=2025-08-15`. */
  readonly partition: string;
  readonly runId: string;
  readonly outcome: string;
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly rows: number;
  readonly durationSeconds: number;
  readonly filesPerSecond: number | null;
  readonly sizeReductionPercent: number | null;
  readonly toolVersion: string;
  /** Whether every value of every file was decoded again and compared. */
  readonly verified: boolean;
  readonly undoneBy: string | null;
  readonly warnings: readonly string[];
}

/** The consolidations of a dataset, the newest first. */
export async function historyEntries(
  database: HistoryDatabase,
  { dataset, date, key, sinceMs, limit }: HistoryQuery,
): Promise<readonly HistoryEntry[]> {
  const path = key === undefined ? null : relativePathOf(key);
  const parameters: SqlValue[] = [dataset, new Date(sinceMs).toISOString(), limit, date ?? null, path];
  const rows = await selectRows(database, entriesSql, parameters);
  // The columns of the statement are the fields of an entry.
  return rows.map((row) => row as unknown as HistoryEntry);
}

/** What one SELECT of the operator gives, which cannot change anything. */
export async function ownQuery(database: HistoryDatabase, sql: string): Promise<readonly Row[]> {
  return await inTransaction(database, 'READ ONLY', () => selectRows(database, sql));
}

const entriesSql = `
  SELECT
    to_char(calculation_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "finishedAt",
    partition_date AS "date",
    partition_path AS "partition",
    run_id AS "runId",
    outcome,
    files_before_consolidation AS "filesBefore",
    files_after_consolidation AS "filesAfter",
    bytes_before AS "bytesBefore",
    bytes_after AS "bytesAfter",
    row_count AS "rows",
    duration_seconds AS "durationSeconds",
    files_per_second AS "filesPerSecond",
    size_reduction_percent AS "sizeReductionPercent",
    tool_version AS "toolVersion",
    jsonb_array_length(verification) > 0
      AND NOT jsonb_path_exists(verification, '$[*].level ? (@ != "full")') AS verified,
    undone_by AS "undoneBy",
    warnings
  FROM consolidation_metrics
  WHERE dataset = $1 AND calculation_date >= $2::text::timestamptz
    AND ($4::text IS NULL OR partition_date = $4::text::date)
    AND ($5::text IS NULL OR partition_path = $5::text)
  ORDER BY calculation_date DESC, run_id DESC
  LIMIT $3::integer`;
