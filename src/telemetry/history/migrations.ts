import { ConfigError } from '../../core/errors.ts';
import { type HistoryDatabase, inTransaction } from './database.ts';

/**
 * The steps from an empty database to the newest schema, each a list of single statements. A step that was released is never
 * changed; the next version gets a step of its own.
 */
const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE consolidation_metrics (
      run_id text NOT NULL,
      partition_date date NOT NULL,
      dataset text NOT NULL,
      calculation_date timestamptz NOT NULL,
      tool_version text NOT NULL,
      outcome text NOT NULL,
      files_before_consolidation integer NOT NULL CHECK (files_before_consolidation > 0),
      files_after_consolidation integer NOT NULL,
      bytes_before bigint NOT NULL,
      bytes_after bigint NOT NULL,
      row_count bigint NOT NULL,
      duration_seconds numeric(12, 3) NOT NULL,
      files_consolidated integer GENERATED ALWAYS AS (files_before_consolidation) STORED,
      total_size_mb numeric(20, 3) GENERATED ALWAYS AS (bytes_before / 1048576.0) STORED,
      files_per_second numeric(20, 3) GENERATED ALWAYS AS
        (files_before_consolidation / NULLIF(duration_seconds, 0)) STORED,
      size_reduction_percent numeric(20, 4) GENERATED ALWAYS AS
        ((bytes_before - bytes_after) * 100.0 / NULLIF(bytes_before, 0)) STORED,
      undone_by text,
      undone_at timestamptz,
      verification jsonb NOT NULL,
      warnings jsonb NOT NULL,
      delivered_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (run_id, partition_date)
    )`,
    'CREATE INDEX consolidation_metrics_by_date ON consolidation_metrics (partition_date)',
    'CREATE INDEX consolidation_metrics_by_time ON consolidation_metrics (dataset, calculation_date)',
    `CREATE TABLE consolidation_log (
      run_id text NOT NULL,
      partition_date date NOT NULL,
      file_name text NOT NULL,
      dataset text NOT NULL,
      calculation_date timestamptz NOT NULL,
      file_size_bytes bigint NOT NULL,
      merged_into text,
      processing_time_seconds numeric(12, 3) NOT NULL,
      size_reduction_percent numeric(24, 10) NOT NULL,
      PRIMARY KEY (run_id, partition_date, file_name),
      FOREIGN KEY (run_id, partition_date) REFERENCES consolidation_metrics ON DELETE CASCADE
    )`,
    'CREATE INDEX consolidation_log_by_time ON consolidation_log (calculation_date)',
    'CREATE TABLE consolidation_delivery (dataset text PRIMARY KEY, looked_at timestamptz NOT NULL)',
  ],
  // By hours from the beginning of the date, how many of the files were written then: `arrivalsOf`.
  ['ALTER TABLE consolidation_metrics ADD COLUMN arrivals jsonb'],
  // A date may have several partitions; what was there before had one, called by its date.
  [
    'ALTER TABLE consolidation_metrics ADD COLUMN partition_path text',
    "UPDATE consolidation_metrics SET partition_path = 'date=' || to_char(partition_date, 'YYYY-MM-DD')",
    'ALTER TABLE consolidation_metrics ALTER COLUMN partition_path SET NOT NULL',
  ],
];

/** The version of the schema that this program knows. */
export const schemaVersion = migrations.length;

/** Any number, the same for everybody who changes the schema. */
const advisoryLock = 720_150_815;

/**
 * Brings the schema to {@link schemaVersion}, if need be: all steps that are missing, in one transaction, one process at a time. Asks
 * for no right to create anything where nothing is missing.
 * @throws ConfigError `history-newer` when a newer program already changed it further
 */
export async function migrate(database: HistoryDatabase): Promise<void> {
  if ((await versionOf(database)) === schemaVersion) return;
  await inTransaction(database, 'READ WRITE', async () => {
    await database.execute(`SELECT pg_advisory_xact_lock(${advisoryLock})`);
    await database.execute(
      `CREATE TABLE IF NOT EXISTS consolidation_schema_version (
        version integer PRIMARY KEY,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`,
    );
    // Again, since another process may have been at it until it gave the lock back.
    const found = await versionOf(database);
    if (found > schemaVersion) throw newer(database.name, found);
    for (const [index, statements] of migrations.entries()) {
      if (index < found) continue;
      for (const statement of statements) await database.execute(statement);
      await database.execute('INSERT INTO consolidation_schema_version (version) VALUES ($1)', [index + 1]);
    }
  });
}

/** The version of the schema that a database has; 0 when it has none. */
export async function versionOf(database: HistoryDatabase): Promise<number> {
  const [exists] = await database.texts(
    "SELECT (to_regclass('consolidation_schema_version') IS NOT NULL)::text",
  );
  if (exists !== 'true') return 0;
  const [version] = await database.texts(
    'SELECT coalesce(max(version), 0)::text FROM consolidation_schema_version',
  );
  return Number(version);
}

function newer(name: string, found: number): ConfigError {
  return new ConfigError(
    `the history in ${name} has version ${found} of its schema, this program knows version ${schemaVersion}`,
    {
      code: 'history-newer',
      hint: 'Use the newer version of the program that changed it.',
      dataState: 'nothing was changed there; the receipts stay in the store',
    },
  );
}
