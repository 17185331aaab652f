import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import {
  type PostgresServer,
  skipWithoutPostgres,
  startPostgres,
  statements,
} from '../support/postgres-server.ts';
import { parseMetrics } from '../telemetry/parsed-metrics.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : skipWithoutPostgres();

test('runs on HDFS tell of themselves: metrics of files and blocks, a history that catches up', {
  skip,
}, async (t) => {
  assert.ok(cluster !== undefined);
  const files = await smallFiles(8, { rowsPerFile: 10 });
  const base = `/reporting-${process.pid}`;
  const days = { rewritten: '2025-08-15', folded: '2025-08-16' };
  for (const day of Object.values(days))
    await seedPartition(cluster, { partition: `${base}/date=${day}`, files });
  const textfile = join(await tempDirectory(t), 'hdfs.prom');
  const database: PostgresServer = await startPostgres();
  t.after(() => database.dispose());
  const dataset = `hdfs://${cluster.host}:${cluster.rpcPort}${base}`;
  const env = {
    HDFS_BASE_PATH: dataset,
    HDFS_WEBHDFS_PORT: String(cluster.httpPort),
    HADOOP_USER_NAME: cluster.superuser,
    METRICS_TEXTFILE: textfile,
  };
  const metric = async (name: string): Promise<number | undefined> =>
    parseMetrics(await readFile(textfile, 'utf8')).find((one) => one.name === `parquet_consolidation_${name}`)
      ?.value;

  const folded = await runCliInProcess(['--date', days.folded, '--mode', 'fold'], env);
  assert.equal(folded.exit, 0, folded.stderr);
  assert.equal(await metric('namenode_objects_freed'), files.length - 1);
  const rewritten = await runCliInProcess(['--date', days.rewritten], env);
  assert.equal(rewritten.exit, 0, rewritten.stderr);
  assert.equal(await metric('namenode_objects_freed'), 2 * files.length - 2);
  assert.equal(await metric('files_consolidated'), files.length);
  const undone = await runCliInProcess(['undo', days.rewritten], env);
  assert.equal(undone.exit, 0, undone.stderr);

  // Nothing was delivered so far; a run that has nothing to do catches up.
  for (let times = 0; times < 2; times++) {
    const run = await runCliInProcess(['--date', '2025-08-17'], { ...env, DATABASE_URL: database.url });
    assert.equal(run.exit, 0, run.stderr);
    assert.equal(run.stderr, '');
    const rows = await statements(database.url, [
      `SELECT partition_date::text AS day, files_before_consolidation AS before, files_after_consolidation AS after,
         row_count::integer AS rows, bytes_before::integer AS bytes, undone_by IS NOT NULL AS undone, duration_seconds > 0 AS took,
         dataset, (SELECT count(*)::integer FROM consolidation_log AS log WHERE log.run_id = metrics.run_id) AS files
       FROM consolidation_metrics AS metrics ORDER BY 1`,
    ]);
    const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
    const common = { before: 8, after: 1, rows: 80, bytes, took: true, dataset, files: 8 };
    assert.deepEqual(rows, [
      { ...common, day: days.rewritten, undone: true },
      { ...common, day: days.folded, undone: false },
    ]);
  }
});
