import assert from 'node:assert/strict';
import { cp, readdir } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, type TestContext, test } from 'node:test';
import { silentLogger } from '../../src/core/log.ts';
import { openLocalStore } from '../../src/store/open-local-store.ts';
import type { HistoryDatabase } from '../../src/telemetry/history/database.ts';
import { deliverReceipts } from '../../src/telemetry/history/deliver-receipts.ts';
import { migrate, schemaVersion } from '../../src/telemetry/history/migrations.ts';
import { connectPostgres } from '../../src/telemetry/history/postgres.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { addPartition, tempDirectory } from '../cli/dataset.ts';
import { freePort } from '../support/free-port.ts';
import {
  type PostgresServer,
  postgresPassword,
  skipWithoutPostgres,
  startPostgres,
  statements,
} from '../support/postgres-server.ts';
import { eventually } from '../support/server-process.ts';
import { ownQueries } from './dashboard-queries.ts';

const limits = { connectTimeoutMs: 60_000, statementTimeoutMs: 60_000 };
const quiet = { QUIET_MINUTES: '0' };
const dayMs = 86_400_000;

/** The date so many days ago, UTC. */
function daysAgo(days: number): string {
  return new Date(Date.now() - days * dayMs).toISOString().slice(0, 10);
}

/** What a run says of its partitions with `--output json`. */
interface Partition {
  readonly date: string;
  readonly runId: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly rows: number;
  readonly durationMs: number;
}

describe('the history in PostgreSQL', { skip: skipWithoutPostgres() }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server?.dispose());
  beforeEach(() => statements(server.url, ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public']));

  const sql = (text: string): ReturnType<typeof statements> => statements(server.url, [text]);
  const counts = async (): Promise<unknown> => {
    const [row] = await sql(
      `SELECT (SELECT count(*)::integer FROM consolidation_metrics) AS metrics,
              (SELECT count(*)::integer FROM consolidation_log) AS log`,
    );
    return row;
  };

  async function consolidate(
    basePath: string,
    days: readonly number[],
    env: Readonly<Record<string, string>> = { DATABASE_URL: server.url },
  ): Promise<{ readonly partitions: readonly Partition[]; readonly stderr: string }> {
    const partitions: Partition[] = [];
    let stderr = '';
    for (const day of days) {
      const args = ['--date', daysAgo(day), '--base-path', basePath, '--output', 'json'];
      const run = await runCliInProcess(args, { ...quiet, ...env });
      assert.equal(run.exit, 0, run.stderr);
      partitions.push(...JSON.parse(run.stdout).partitions);
      stderr += run.stderr;
    }
    return { partitions, stderr };
  }

  async function dataset(t: TestContext, days: readonly number[]): Promise<string> {
    const basePath = await tempDirectory(t);
    for (const day of days) await addPartition(basePath, daysAgo(day));
    return basePath;
  }

  test('a run delivers a row per partition and one per file, and the queries of the dashboards are right', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    const { partitions, stderr } = await consolidate(basePath, [3, 2]);
    assert.equal(stderr, '');
    assert.deepEqual(await counts(), { metrics: 2, log: 42 });

    const daily = await sql(ownQueries.daily);
    assert.equal(daily.length, 1);
    const [day] = daily;
    assert.equal(day?.files_processed, '42');
    const meanMs = (partitions[0]?.durationMs ?? 0) / 2 + (partitions[1]?.durationMs ?? 0) / 2;
    // The receipt is written before the run tidies up.
    const seconds = Number(day?.avg_processing_time);
    assert.ok(seconds > 0 && seconds <= meanMs / 1000 + 0.001, `${seconds} s of ${meanMs} ms`);
    assert.ok(seconds > (meanMs / 1000) * 0.5, `${seconds} s of ${meanMs} ms`);
    const percent = partitions.map((one) => (1 - one.bytesAfter / one.bytesBefore) * 100);
    const expected = (percent[0] ?? 0) + (percent[1] ?? 0);
    assert.ok(
      Math.abs(Number(day?.total_size_reduction) - expected) < 1e-6,
      String(day?.total_size_reduction),
    );

    const storage = await sql(
      `SELECT partition_date::text AS day, q.* FROM (${ownQueries.storage.replace(/;\s*$/, '')}) q ORDER BY 1`,
    );
    assert.deepEqual(
      storage.map(
        ({ day: date, files_before_consolidation, files_after_consolidation, reduction_percent }) => [
          date,
          files_before_consolidation,
          files_after_consolidation,
          reduction_percent,
        ],
      ),
      [3, 2].map((days) => [daysAgo(days), 21, 1, '95.24']),
    );
  });

  test('a partition has the figures that monitoring asks for, and its verification as JSON', async (t) => {
    const basePath = await dataset(t, [2]);
    const { partitions } = await consolidate(basePath, [2]);
    const [partition] = partitions;
    const [row] = await sql(
      `SELECT *, bytes_before::integer AS before, bytes_after::integer AS after, row_count::integer AS rows,
        jsonb_array_length(verification->0->'columns') AS columns, verification->0->>'level' AS level
       FROM consolidation_metrics`,
    );
    assert.equal(row?.dataset, basePath);
    assert.equal(row?.run_id, partition?.runId);
    assert.equal(row?.files_consolidated, 21);
    assert.equal(row?.before, partition?.bytesBefore);
    assert.equal(row?.after, partition?.bytesAfter);
    assert.equal(row?.rows, partition?.rows);
    assert.equal(row?.total_size_mb, ((partition?.bytesBefore ?? 0) / 2 ** 20).toFixed(3));
    const rate = 21 / Number(row?.duration_seconds);
    assert.ok(Math.abs(Number(row?.files_per_second) - rate) < 0.001);
    assert.equal(row?.columns, 17);
    assert.equal(row?.level, 'full');
    assert.equal(row?.outcome, 'done');
    const files = await sql(
      'SELECT file_name, file_size_bytes::integer AS size, merged_into FROM consolidation_log ORDER BY 1',
    );
    const backup = join(basePath, '_consolidation', daysAgo(2), String(row?.run_id), 'old');
    const originals = (await readdir(backup)).map((name) => name.replace(/\.backup$/, '')).sort();
    assert.deepEqual(
      files.map(({ file_name }) => file_name),
      originals.filter((name) => name.endsWith('.parquet')),
    );
    assert.equal(
      files.reduce((sum, { size }) => sum + Number(size), 0),
      partition?.bytesBefore,
    );
    const [merged] = (await readdir(join(basePath, `date=${daysAgo(2)}`))).filter((name) =>
      name.endsWith('.parquet'),
    );
    assert.deepEqual([...new Set(files.map(({ merged_into }) => merged_into))], [merged]);
  });

  test('a database that is down fails no run and loses nothing: the next run delivers, once', async (t) => {
    const basePath = await dataset(t, [4, 3]);
    await server.stop();
    const down = await consolidate(basePath, [4]);
    assert.match(
      down.stderr,
      /^warning: the history could not be delivered to 127\.0\.0\.1:\d+\/consolidation: .*ECONNREFUSED/,
    );
    assert.match(down.stderr, /nothing is lost/);
    assert.doesNotMatch(down.stderr, new RegExp(postgresPassword));
    // The undo moves the receipt from the run into the history.
    const undo = await runCliInProcess(
      ['undo', daysAgo(4), '--base-path', basePath, '--output', 'json'],
      quiet,
    );
    assert.equal(undo.exit, 0, undo.stderr);
    await server.start();
    assert.equal((await consolidate(basePath, [3])).stderr, '');
    assert.deepEqual(await counts(), { metrics: 2, log: 42 });
    const rows = await sql(
      'SELECT run_id, undone_by, undone_at IS NOT NULL AS is_undone FROM consolidation_metrics ORDER BY partition_date',
    );
    assert.equal(rows[0]?.run_id, down.partitions[0]?.runId);
    assert.equal(rows[0]?.is_undone, true);
    assert.match(String(rows[0]?.undone_by), /^\d{8}T\d{6}Z-[0-9a-f]{6}$/);
    assert.deepEqual([rows[1]?.undone_by, rows[1]?.is_undone], [null, false]);
    // With nothing to do and nothing new.
    await consolidate(basePath, [3, 3]);
    assert.deepEqual(await counts(), { metrics: 2, log: 42 });
  });

  test('whichever statement fails, the next delivery makes it complete, and nothing comes twice', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3, 2], {});
    const undo = await runCliInProcess(['undo', daysAgo(3), '--base-path', basePath], quiet);
    assert.equal(undo.exit, 0, undo.stderr);
    const { store } = openLocalStore(basePath);
    const deliver = async (database: HistoryDatabase): Promise<number> =>
      (await deliverReceipts({ store, basePath, database, dataset: basePath, log: silentLogger })).count;
    for (const lost of ['request', 'reply'] as const) {
      let statement = 0;
      for (let isOver = false; !isOver; ) {
        statement++;
        await statements(server.url, ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public']);
        const broken = await connectPostgres(server.url, limits);
        try {
          await deliver(failingAt(broken, statement, lost));
          isOver = true;
        } catch (error) {
          assert.match(String(error), /injected/);
        } finally {
          await broken.close();
        }
        const whole = await connectPostgres(server.url, limits);
        try {
          await deliver(whole);
          assert.equal(await deliver(whole), 0);
        } finally {
          await whole.close();
        }
        assert.deepEqual(await counts(), { metrics: 2, log: 42 }, `${lost} of statement ${statement}`);
        const undone = await sql(
          'SELECT 1 FROM consolidation_metrics WHERE undone_at IS NOT NULL AND undone_by IS NOT NULL',
        );
        assert.equal(undone.length, 1, `${lost} of statement ${statement}`);
      }
      assert.ok(statement > 20, `${statement} statements`);
    }
  });

  test('many at once, on an empty database, deliver everything once', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3, 2], {});
    const { store } = openLocalStore(basePath);
    const databases = await Promise.all(Array.from({ length: 5 }, () => connectPostgres(server.url, limits)));
    const delivered = await Promise.all(
      databases.map((database) =>
        deliverReceipts({ store, basePath, database, dataset: basePath, log: silentLogger }),
      ),
    );
    await Promise.all(databases.map((database) => database.close()));
    assert.equal(
      delivered.reduce((sum, { count }) => sum + count, 0),
      2,
    );
    assert.deepEqual(await counts(), { metrics: 2, log: 42 });
    assert.deepEqual(await sql('SELECT max(version) AS version FROM consolidation_schema_version'), [
      { version: schemaVersion },
    ]);
  });

  test('a database of the version before gets what is new; its rows stay, and say nothing of it', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3]);
    const arrivals = () =>
      sql(
        `SELECT (partition_date = '${daysAgo(3)}') AS old,
           (SELECT sum(value::integer)::integer FROM jsonb_each_text(arrivals)) AS files
         FROM consolidation_metrics ORDER BY partition_date`,
      );
    assert.deepEqual(await arrivals(), [{ old: true, files: 21 }]);
    await statements(server.url, [
      'ALTER TABLE consolidation_metrics DROP COLUMN arrivals',
      'ALTER TABLE consolidation_metrics DROP COLUMN partition_path',
      'DELETE FROM consolidation_schema_version WHERE version >= 2',
    ]);
    await consolidate(basePath, [2]);
    assert.deepEqual(await sql('SELECT partition_path FROM consolidation_metrics ORDER BY 1'), [
      { partition_path: `date=${daysAgo(3)}` },
      { partition_path: `date=${daysAgo(2)}` },
    ]);
    assert.deepEqual(await arrivals(), [
      { old: true, files: null },
      { old: false, files: 21 },
    ]);
    const args = ['advise', '--base-path', basePath, '--output', 'json'];
    const advice = await runCliInProcess(args, { DATABASE_URL: server.url });
    assert.equal(advice.exit, 0, advice.stderr);
    const { source, reasons } = JSON.parse(advice.stdout);
    assert.equal(source, 'database');
    assert.match(reasons[0], /the history knows when 21 files of 1 date were written/);
    assert.match(reasons[1], /^2 consolidations of 2 dates .* freed 40 files/);
  });

  test('what a time limit leaves comes in later', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3, 2], {});
    const { store } = openLocalStore(basePath);
    const database = await connectPostgres(server.url, limits);
    t.after(() => database.close());
    const delivery = { store, basePath, database, dataset: basePath, log: silentLogger };
    assert.deepEqual(await deliverReceipts({ ...delivery, timeLimitMs: -1 }), { count: 0, left: 2 });
    assert.deepEqual(await counts(), { metrics: 0, log: 0 });
    assert.deepEqual(await deliverReceipts(delivery), { count: 2, left: 0 });
    assert.deepEqual(await deliverReceipts({ ...delivery, timeLimitMs: -1 }), { count: 0, left: 0 });
  });

  test('a receipt that does not fit into the tables is told of and holds up no other', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3, 2], {});
    const { store } = openLocalStore(basePath);
    const database = await connectPostgres(server.url, limits);
    t.after(() => database.close());
    await migrate(database);
    await sql(`ALTER TABLE consolidation_metrics ADD CHECK (partition_date <> '${daysAgo(3)}')`);
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    const delivered = await deliverReceipts({ store, basePath, database, dataset: basePath, log });
    assert.deepEqual(delivered, { count: 1, left: 0 });
    assert.match(
      warnings.join('\n'),
      /^the receipt of run \S+ does not come into the history: .*check constraint/,
    );
    assert.deepEqual(await counts(), { metrics: 1, log: 21 });
  });

  test('a schema of a newer program is left alone, with a warning', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3]);
    await sql('INSERT INTO consolidation_schema_version (version) VALUES (99)');
    const { stderr } = await consolidate(basePath, [2]);
    assert.match(stderr, /^warning: .*has version 99 of its schema, this program knows version 3/);
    await sql('DELETE FROM consolidation_schema_version WHERE version = 99');
    await consolidate(basePath, [2]);
    assert.deepEqual(await counts(), { metrics: 2, log: 42 });
  });

  test('once the tables are there, an account that may only read and write them is enough', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3]);
    await statements(server.url, [
      'DROP ROLE IF EXISTS etl',
      "CREATE ROLE etl LOGIN PASSWORD 'x'",
      'GRANT USAGE ON SCHEMA public TO etl',
      'GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO etl',
    ]);
    const { stderr } = await consolidate(basePath, [2], {
      DATABASE_URL: server.url.replace(/\/\/[^@]+@/, '//etl:x@'),
    });
    assert.equal(stderr, '');
    assert.deepEqual(await counts(), { metrics: 2, log: 42 });
  });

  test('only the owner of the tables brings them up to date; until then nothing fails and nothing is lost', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3]);
    await statements(server.url, [
      // Of the version before, and in dates as some servers write them.
      'ALTER TABLE consolidation_metrics DROP COLUMN partition_path',
      'DELETE FROM consolidation_schema_version WHERE version = 3',
      "ALTER DATABASE consolidation SET datestyle = 'SQL, DMY'",
      'DROP ROLE IF EXISTS etl',
      "CREATE ROLE etl LOGIN PASSWORD 'x'",
      'GRANT USAGE ON SCHEMA public TO etl',
      'GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO etl',
    ]);
    t.after(() => statements(server.url, ['ALTER DATABASE consolidation RESET datestyle']));
    const etl = { DATABASE_URL: server.url.replace(/\/\/[^@]+@/, '//etl:x@') };
    const { stderr } = await consolidate(basePath, [2], etl);
    assert.match(stderr, /^warning: the history could not be delivered .*nothing is lost/);
    assert.match(stderr, /must be owner|permission denied/);
    assert.deepEqual(await counts(), { metrics: 1, log: 21 });
    assert.equal((await consolidate(basePath, [2])).stderr, '');
    assert.deepEqual(
      await sql('SELECT partition_path FROM consolidation_metrics ORDER BY partition_date'),
      [3, 2].map((days) => ({ partition_path: `date=${daysAgo(days)}` })),
    );
    // And from then on the other account does again.
    await addPartition(basePath, daysAgo(4));
    assert.equal((await consolidate(basePath, [4], etl)).stderr, '');
    assert.deepEqual(await counts(), { metrics: 3, log: 63 });
  });

  test('hours of a date are told apart, by the database and by the receipts, and none is one done again', async (t) => {
    const parent = await tempDirectory(t);
    const basePath = join(parent, 'lake');
    const [year, month, day] = daysAgo(2).split('-');
    const paths = ['00', '07', '23'].map((hour) => `year=${year}/month=${month}/day=${day}/hour=${hour}`);
    await addPartition(parent, daysAgo(2));
    for (const path of paths) {
      await cp(join(parent, `date=${daysAgo(2)}`), join(basePath, path), { recursive: true });
    }
    const env = { ...quiet, PARTITION_LAYOUT: 'year={yyyy}/month={MM}/day={dd}/hour={HH}' };
    const withDatabase = { ...env, DATABASE_URL: server.url };
    const onBase = ['--base-path', basePath];
    const run = await runCliInProcess(['--date', daysAgo(2), ...onBase], withDatabase);
    assert.equal(run.exit, 0, run.stderr);
    assert.deepEqual(await counts(), { metrics: 3, log: 63 });
    const undone = paths[1] ?? '';
    const undo = await runCliInProcess(['undo', undone, ...onBase], env);
    assert.equal(undo.exit, 0, undo.stderr);
    const sorted = (entries: readonly { readonly partition: string }[]) =>
      [...entries].sort((a, b) => (a.partition < b.partition ? -1 : 1));
    const args = ['history', '--date', daysAgo(2), ...onBase];
    const listed = JSON.parse((await runCliInProcess([...args, '--output', 'json'], withDatabase)).stdout);
    assert.equal(listed.source, 'database');
    assert.deepEqual(
      sorted(listed.consolidations).map(({ partition }) => partition),
      paths,
    );
    const isUndone = listed.consolidations.map((one: { partition: string; undoneBy: string | null }) => [
      one.partition,
      one.undoneBy !== null,
    ]);
    assert.deepEqual(
      isUndone.sort(),
      paths.map((path) => [path, path === undone]),
    );
    const received = JSON.parse((await runCliInProcess([...args, '--output', 'json'], env)).stdout);
    assert.equal(received.source, 'receipts');
    assert.deepEqual(sorted(received.consolidations), sorted(listed.consolidations));
    const text = await runCliInProcess(args, withDatabase);
    assert.match(text.stdout, /finished \(UTC\) +partition +files/);
    for (const path of paths) assert.match(text.stdout, new RegExp(` ${path} +21 → 1 `));
    const one = await runCliInProcess(['history', '--date', undone, ...onBase], withDatabase);
    assert.match(one.stdout, /^partition year=\S+\/hour=07 of .*, from the database/);
    assert.match(one.stdout, /1 consolidation: 21 files into 1, /);
    const advice = await runCliInProcess(['advise', ...onBase], withDatabase);
    assert.match(advice.stdout, / 2 consolidations of 2 partitions read /);
    assert.doesNotMatch(advice.stdout, /did a \w+ again/);
    // Merged or undone, all three were made of the same files: receipts are found by the partition.
    assert.match(advice.stdout, /partitions 3, smallest ([\d,]+), largest \1\n/);
    const [storage] = await sql(
      `SELECT count(*)::integer AS rows FROM (${ownQueries.storage.replace(/;\s*$/, '')}) q`,
    );
    assert.deepEqual(storage, { rows: 3 });
  });

  test('a dry run delivers nothing; a wrong URL is a usage error that does not show it', async (t) => {
    const basePath = await dataset(t, [2]);
    const args = ['--date', daysAgo(2), '--base-path', basePath];
    const dry = await runCliInProcess([...args, '--dry-run'], { ...quiet, DATABASE_URL: server.url });
    assert.equal(dry.exit, 0);
    assert.deepEqual(await sql("SELECT to_regclass('consolidation_metrics')::text AS name"), [
      { name: null },
    ]);
    const wrong = await runCliInProcess(args, {
      ...quiet,
      DATABASE_URL: `mysql://u:${postgresPassword}@h/d`,
    });
    assert.equal(wrong.exit, 2);
    assert.match(
      wrong.stderr,
      /DATABASE_URL is no such URL; allowed: a URL postgres:\/\/… or postgresql:\/\/…/,
    );
    assert.doesNotMatch(wrong.stderr, new RegExp(postgresPassword));
  });

  test('history answers alike from the database and from the receipts, and falls back to those', async (t) => {
    const basePath = await dataset(t, [3, 2]);
    await consolidate(basePath, [3, 2], {});
    const undo = await runCliInProcess(['undo', daysAgo(2), '--base-path', basePath], quiet);
    assert.equal(undo.exit, 0, undo.stderr);
    const history = (args: readonly string[], env: Readonly<Record<string, string>>) =>
      runCliInProcess(['history', '--base-path', basePath, ...args], env);
    const withDatabase = { DATABASE_URL: server.url };
    const listed = await history(['--output', 'json'], withDatabase);
    assert.equal(listed.exit, 0, listed.stderr);
    const entries = JSON.parse(listed.stdout);
    assert.equal(entries.source, 'database');
    // The in-memory database takes seconds to start: as few of them as can be.
    for (const query of [ownQueries.daily, ownQueries.storage]) {
      const args = ['--output', 'json', `--sql=${query}`];
      const [fromDatabase, fromReceipts] = [await history(args, withDatabase), await history(args, {})];
      assert.equal(fromDatabase.exit, 0, fromDatabase.stderr);
      assert.equal(fromReceipts.exit, 0, fromReceipts.stderr);
      const { rows, source } = JSON.parse(fromReceipts.stdout);
      assert.equal(source, 'receipts');
      assert.ok(rows.length > 0);
      assert.deepEqual(rows, JSON.parse(fromDatabase.stdout).rows);
    }
    const text = await history([], withDatabase);
    assert.match(text.stdout, new RegExp(`${daysAgo(2)} +21 → 1 .* \\d{8}T\\d{6}Z-[0-9a-f]{6}  undone`));
    assert.match(text.stdout, /2 consolidations: 42 files into 2, /);
    const one = await history(['--date', daysAgo(3)], withDatabase);
    assert.match(one.stdout, /1 consolidation: 21 files into 1/);
    const none = await history(['--date', '2020-01-01'], withDatabase);
    assert.equal(none.exit, 0);
    assert.match(none.stdout, /^Nothing was consolidated of date 2020-01-01/);
    await server.stop();
    try {
      const fallen = await history(['--output', 'json'], withDatabase);
      assert.equal(fallen.exit, 0, fallen.stderr);
      assert.match(
        fallen.stderr,
        /^warning: the history in 127\.0\.0\.1:\d+\/consolidation cannot be reached: .*ECONNREFUSED/,
      );
      assert.deepEqual(JSON.parse(fallen.stdout), { ...entries, source: 'receipts' });
    } finally {
      await server.start();
    }
  });

  test('history shows what the database has when the dataset cannot be reached, and says when neither can', async (t) => {
    const basePath = await dataset(t, [2]);
    await consolidate(basePath, [2]);
    const away = `hdfs://127.0.0.1:${await freePort()}/data`;
    await sql(`UPDATE consolidation_metrics SET dataset = '${away}'`);
    const env = { HDFS_WEBHDFS_PORT: String(await freePort()), HADOOP_USER_NAME: 'etl', MAX_RETRIES: '0' };
    const args = ['history', '--base-path', away];
    const found = await runCliInProcess(args, { ...env, DATABASE_URL: server.url });
    assert.equal(found.exit, 0, found.stderr);
    assert.match(found.stderr, /^warning: .*what the database does not have yet stays there/);
    assert.match(found.stdout, /from the database\n[\s\S]*1 consolidation: 21 files into 1, /);
    const nothing = `postgresql://u:p@127.0.0.1:${await freePort()}/d`;
    const neither = await runCliInProcess(args, { ...env, DATABASE_URL: nothing });
    assert.equal(neither.exit, 2);
    assert.match(neither.stderr, /error: neither the database of the history nor the dataset can be reached/);
    const alone = await runCliInProcess(args, env);
    assert.equal(alone.exit, 10);
  });

  test('--sql cannot change anything', async (t) => {
    const basePath = await dataset(t, [2]);
    await consolidate(basePath, [2]);
    for (const statement of [
      'DELETE FROM consolidation_log',
      'SELECT 1) AS x; DELETE FROM consolidation_log; SELECT (1',
      'WITH gone AS (DELETE FROM consolidation_log RETURNING 1) SELECT * FROM gone',
      "SELECT setval('x', 1)",
      'SELECT no_such_column FROM consolidation_log',
      '',
    ]) {
      const run = await runCliInProcess(['history', '--base-path', basePath, '--sql', statement], {
        DATABASE_URL: server.url,
      });
      assert.equal(run.exit, 2, statement);
      assert.match(run.stderr, /^error: --sql/, statement);
    }
    assert.deepEqual(await counts(), { metrics: 1, log: 21 });
  });

  test('a server that falls silent is given up, and no socket stays open', async (t) => {
    const way = await cuttableWay(t, server.port);
    const url = server.url.replace(`:${server.port}/`, `:${way.port}/`);
    for (const isAsked of [true, false]) {
      const database = await connectPostgres(url, { connectTimeoutMs: 60_000, statementTimeoutMs: 500 });
      assert.equal(way.open(), 1);
      way.cut();
      if (isAsked) await assert.rejects(database.execute('SELECT 1'), /timeout/);
      await database.close();
      await eventually(async () => (way.open() === 0 ? true : undefined), 'the socket is closed');
    }
  });

  test('a server that accepts and says nothing is given up', async (t) => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    t.after(() => mute.close());
    const address = mute.address();
    assert.ok(address !== null && typeof address === 'object');
    const url = `postgresql://u:p@127.0.0.1:${address.port}/d`;
    await assert.rejects(connectPostgres(url, { connectTimeoutMs: 300, statementTimeoutMs: 300 }), /timeout/);
  });
});

/** A way to the server that can be cut: what is sent then is lost without an error, as by a firewall. */
async function cuttableWay(
  t: TestContext,
  port: number,
): Promise<{ readonly port: number; cut(): void; readonly open: () => number }> {
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    sockets.add(near);
    near.on('close', () => sockets.delete(near)).on('error', () => {});
    far.on('error', () => {});
    near.pipe(far);
    far.pipe(near);
    t.after(() => {
      near.destroy();
      far.destroy();
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => proxy.close());
  const address = proxy.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    cut: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.resume();
      }
    },
    open: () => sockets.size,
  };
}

/** The connection with its nth statement lost: before it reaches the server, or with its reply on the way back. */
function failingAt(database: HistoryDatabase, failing: number, lost: 'request' | 'reply'): HistoryDatabase {
  let count = 0;
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    count++;
    if (count > failing) throw new Error('injected: the connection is gone');
    if (count === failing && lost === 'request') throw new Error('injected: the request is lost');
    const result = await work();
    if (count === failing) throw new Error('injected: the reply is lost');
    return result;
  };
  return {
    ...database,
    execute: (text, parameters) => guarded(() => database.execute(text, parameters)),
    texts: (text, parameters) => guarded(() => database.texts(text, parameters)),
  };
}
