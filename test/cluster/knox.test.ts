import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { consolidateWords, date } from '../hdfs/fault-bench.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { noHdfs, ownCluster } from '../support/hdfs-cluster.ts';
import { unlessUnavailable } from '../support/hdfs-daemons.ts';
import { dataFilesOf, listAll, valuesDigest } from '../support/hdfs-reader.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { startKnox } from '../support/knox.ts';
import { doctor } from './doctor-report.ts';

/** A real Apache Knox takes long to fetch and to start: `npm run test:full` does it. */
if (fullMatrix) {
  const cluster = await unlessUnavailable(() => ownCluster());

  test('a real Knox lets a run fold and replace: doctor, preview, consolidation, undo', {
    skip: cluster === undefined ? noHdfs : false,
    timeout: 600_000,
  }, async () => {
    if (cluster === undefined) return;
    const files = await smallFiles(8, { rowsPerFile: 10 });
    const base = '/knox';
    const partition = `${base}/date=${date}`;
    // Whom Knox takes everybody for.
    const owner = { owner: 'anonymous', group: 'anonymous' };
    await seedPartition(cluster, { partition, files });
    for (const path of [base, partition, ...files.map(({ name }) => `${partition}/${name}`)]) {
      await hdfs(cluster, { method: 'PUT', op: 'SETOWNER', path, params: owner });
    }
    const before = await valuesDigest(cluster, partition);
    const knox = await startKnox(cluster);
    try {
      const env = { HDFS_WEBHDFS_URL: knox.url, HADOOP_USER_NAME: 'anonymous', MAX_RETRIES: '1' };
      const cli = (words: readonly string[]) => runCliInProcess([...words, '--base-path', base], env);

      const report = await doctor(['--base-path', base], env);
      assert.equal(report.exit, 0, JSON.stringify(report.checks.filter(({ verdict }) => verdict === 'bad')));
      assert.match(report.text('way'), /^CONCAT, then RENAME with OVERWRITE/);
      assert.match(report.text('user'), /takes it for anonymous;/);

      const preview = await cli(['--date', date, '--dry-run']);
      assert.equal(preview.exit, 0, preview.stderr);
      assert.match(preview.stdout, /Would consolidate 8 files/);

      const run = await cli([...consolidateWords, '--verbose']);
      assert.equal(run.exit, 0, run.stderr);
      assert.match(run.stderr, /behind the gateway .* files can be joined and replaced in one step each/);
      const [merged, ...others] = dataFilesOf(await listAll(cluster, partition));
      assert.deepEqual(others, []);
      assert.equal(merged?.owner, 'anonymous');
      assert.equal(await valuesDigest(cluster, partition), before);

      const undone = await cli(['undo', date]);
      assert.equal(undone.exit, 0, undone.stderr);
      assert.equal(await valuesDigest(cluster, partition), before);
    } finally {
      await knox.stop();
    }
  });
}
