import { type HistoryDatabase, type SqlValue, selectRows } from './database.ts';

/** What the history says of one consolidation, for advice. */
export interface PastRun {
  /** `YYYY-MM-DD` of the partition. */
  readonly date: string;
  /** Its path below the base: `date=2025-08-15`. */
  readonly partition: string;
  readonly runId: string;
  readonly finishedAt: string;
  readonly filesBefore: number;
  readonly filesAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly seconds: number;
  /** As `arrivalsOf` counts them; null where the history was written by a version that did not. */
  readonly arrivals: Readonly<Record<string, number>> | null;
}

/**
 * The consolidations of a dataset that were not undone, oldest first.
 * @param sinceMs not those that ended before, milliseconds since 1970
 */
export async function pastRuns(
  database: HistoryDatabase,
  dataset: string,
  sinceMs: number,
): Promise<readonly PastRun[]> {
  const parameters: SqlValue[] = [dataset, new Date(sinceMs).toISOString()];
  const rows = await selectRows(database, runsSql, parameters);
  // The columns of the statement are the fields of a run.
  return rows.map((row) => row as unknown as PastRun);
}

const runsSql = `
  SELECT
    partition_date AS "date",
    partition_path AS "partition",
    run_id AS "runId",
    to_char(calculation_date AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "finishedAt",
    files_before_consolidation AS "filesBefore",
    files_after_consolidation AS "filesAfter",
    bytes_before AS "bytesBefore",
    bytes_after AS "bytesAfter",
    duration_seconds AS "seconds",
    arrivals
  FROM consolidation_metrics
  WHERE dataset = $1 AND calculation_date >= $2::text::timestamptz AND undone_by IS NULL AND outcome <> 'overwritten'
  ORDER BY calculation_date, run_id`;
