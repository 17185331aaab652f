/**
 * Lists a partition over WebHDFS and reads all its files whole, many at a time, with the program's own client, and does
 * nothing with them: what a consolidation cannot be faster than.
 * usage: read-partition.js HOST PORT PATH
 */
import { performance } from 'node:perf_hooks';
import { mapConcurrently } from '../../src/core/concurrency.ts';
import { openStore } from '../../src/store/open-store.ts';
import { refOf } from '../../src/store/store.ts';

const [host = '', port = '', path = ''] = process.argv.slice(2);
const webHdfsPort = Number(port);
const { store, basePath } = openStore(
  { kind: 'hdfs', scheme: 'webhdfs', host, port: webHdfsPort, webHdfsPort, path },
  { userName: 'root', maxRetries: 0 },
);
const start = performance.now();
const entries = (await store.list(basePath)) ?? [];
const files = entries.filter((entry) => entry.kind === 'file');
const sizes = await mapConcurrently(files, 16, async (file) => {
  const source = await store.open(file.path, refOf(file));
  const bytes = await source.read(0, source.sizeBytes);
  await source.close();
  return bytes.length;
});
const bytes = sizes.reduce((sum, size) => sum + size, 0);
const seconds = (performance.now() - start) / 1000;
process.stdout.write(`${JSON.stringify({ files: sizes.length, bytes, seconds })}\n`);
