import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { jsonOf } from '../cli/cli-process.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { dataFilesOf, listAll, readPartition, readWhole, valuesDigest } from '../support/hdfs-reader.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;
const date = '2025-08-15';

test('rows of a partition on HDFS are sorted through scratch space here: every row once, in order, with a receipt that says so', {
  skip,
}, async (t) => {
  if (cluster === undefined) throw new Error(noHdfs);
  const files = await smallFiles(12, { rowsPerFile: 40 });
  const base = `/sorted-${process.pid}`;
  const partition = `${base}/date=${date}`;
  await seedPartition(cluster, { partition, files });
  const digest = await valuesDigest(cluster, partition);
  const ids = files.flatMap((file) => file.ids);
  const temp = await tempDirectory(t);
  const uri = `hdfs://${cluster.host}:${cluster.rpcPort}${base}`;
  const flags = ['--base-path', uri, '--date', date, '--output', 'json', '--sort-by'];
  const env = {
    HDFS_WEBHDFS_PORT: String(cluster.httpPort),
    HADOOP_USER_NAME: cluster.superuser,
    TEMP_DIRECTORY: temp,
    ROW_GROUP_SIZE: '100',
  };

  const absent = await runCliInProcess([...flags, 'policy', '--dry-run'], env);
  assert.equal(absent.exit, 2, absent.stderr);
  assert.match(
    absent.stderr,
    /rows cannot be sorted by policy: it does not exist; .*\(schema of hdfs:\/\/.*-00000-/,
  );
  assert.deepEqual(
    (await listAll(cluster, base)).map(({ name }) => name),
    [`date=${date}`],
  );

  const run = await runCliInProcess([...flags, 'policy_id desc'], env);
  assert.equal(run.exit, 0, run.stderr);
  const read = await readPartition(cluster, partition);
  assert.equal(read.files.length, 1);
  assert.deepEqual(read.ids, ids.toReversed());
  assert.equal(await valuesDigest(cluster, partition), digest);
  // The file there had no name, and went with the run.
  assert.deepEqual(await readdir(temp), []);

  const report = jsonOf(run) as {
    readonly partitions: readonly {
      readonly runId: string;
      readonly outputs: readonly { readonly sorting: unknown }[];
    }[];
  };
  const [done] = report.partitions;
  assert.deepEqual(done?.outputs[0]?.sorting, {
    by: 'policy_id desc',
    lookups: [
      {
        column: 'policy_id',
        before: { rowGroups: 12, share: 1 / 12 },
        after: { rowGroups: 5, share: 0.2 },
      },
    ],
  });
  const { record: receipt } = JSON.parse(
    (await readWhole(cluster, `${base}/_consolidation/${date}/${done?.runId}/receipt.json`)).toString('utf8'),
  ) as {
    readonly record: {
      readonly verification: readonly {
        readonly level: string;
        readonly rows: number;
        readonly sorted: { readonly by: unknown; readonly rowSum: string };
      }[];
    };
  };
  const [verified] = receipt.verification;
  assert.deepEqual([verified?.level, verified?.rows], ['full', ids.length]);
  assert.deepEqual(verified?.sorted.by, [{ path: 'policy_id', isDescending: true, nullsFirst: false }]);
  assert.match(verified?.sorted.rowSum ?? '', /^[0-9a-f]{32}$/);

  const again = await runCliInProcess([...flags, 'policy_id desc'], env);
  assert.match(again.stdout, /"result":"nothing"/);
  const undone = await runCliInProcess(['undo', date, '--base-path', uri], env);
  assert.equal(undone.exit, 0, undone.stderr);
  assert.deepEqual((await readPartition(cluster, partition)).ids, ids);
  assert.equal(dataFilesOf(await listAll(cluster, partition)).length, 1);
});
