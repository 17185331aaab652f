/**
 * Run by webhdfs-tls.test.ts, with the certificates to trust in its environment: writes, lists and reads a file over
 * `swebhdfs:` and prints what came of it as one line of JSON. Arguments: port, directory.
 */
import { userInfo } from 'node:os';
import { StoreError } from '../../src/core/errors.ts';
import { openStore } from '../../src/store/open-store.ts';
import { get, put } from './store-contract.ts';

const [port = '', directory = ''] = process.argv.slice(2);
const { store } = openStore(
  {
    kind: 'hdfs',
    scheme: 'swebhdfs',
    host: 'localhost',
    port: Number(port),
    webHdfsPort: Number(port),
    path: directory,
  },
  { userName: process.env.HADOOP_USER_NAME ?? userInfo().username, maxRetries: 0 },
);

try {
  await put(store, `${directory}/a`, 'over TLS');
  const names = ((await store.list(directory)) ?? []).map((entry) => entry.name);
  process.stdout.write(JSON.stringify({ names, text: await get(store, `${directory}/a`) }));
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  const { code, status, hint, outcomeUnknown } = error;
  process.stdout.write(JSON.stringify({ code, status, hint, outcomeUnknown }));
}
