import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memorySource } from '../../src/core/byte-source.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { runCli } from '../cli/cli-process.ts';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { seedPartition, smallFiles } from '../support/hdfs-seed.ts';
import { type WebHdfsPackage, webHdfsPackage } from './webhdfs-package.ts';

const cluster = await sharedCluster();
const skip = cluster === undefined ? noHdfs : false;
const date = '2025-08-15';

test('a client of another make finds the one file that became of the partition, and the same bytes in it', {
  skip,
}, async () => {
  if (cluster === undefined) throw new Error(noHdfs);
  const { host, httpPort, superuser, webHdfsUri } = cluster;
  const base = `/another-make-${process.pid}`;
  const partition = `${base}/date=${date}`;
  const files = await smallFiles(6, { rowsPerFile: 30 });
  await seedPartition(cluster, { partition, files });
  const run = await runCli(['--date', date, '--base-path', `${webHdfsUri}${base}`], {
    env: { HADOOP_USER_NAME: superuser },
  });
  assert.equal(run.exit, 0, run.stderr);

  const witness = webHdfsPackage(host, httpPort, superuser);
  const names = await namesIn(witness, partition);
  assert.equal(names.length, 1);
  const path = `${partition}/${names[0]}`;
  const bytes = await bytesOf(witness, path);
  const { body } = await hdfs(cluster, { method: 'GET', op: 'OPEN', path });
  assert.ok(bytes.equals(body), `${bytes.length} bytes and ${body.length} bytes`);
  const footer = await readFooter(memorySource(path, bytes));
  assert.equal(
    footer.rows,
    files.reduce((sum, file) => sum + file.rows, 0),
  );
});

function namesIn(witness: WebHdfsPackage, path: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    witness.readdir(path, (error, entries) => {
      if (error === null) resolve(entries.map(({ pathSuffix }) => pathSuffix));
      else reject(error);
    });
  });
}

function bytesOf(witness: WebHdfsPackage, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const stream = witness.createReadStream(path);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('finish', () => resolve(Buffer.concat(chunks)));
  });
}
