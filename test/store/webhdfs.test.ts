import { describe, it } from 'node:test';
import { noHdfs, sharedCluster } from '../support/hdfs-cluster.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { storeContract } from './store-contract.ts';
import { analyst, newDirectory, removeDirectory, storeOn } from './webhdfs-under-test.ts';

const cluster = await sharedCluster();

if (cluster === undefined) {
  describe('store contract: HDFS', () => {
    it('holds', { skip: noHdfs });
  });
} else {
  storeContract('HDFS over WebHDFS', async () => {
    const directory = await newDirectory(cluster);
    return {
      store: storeOn(cluster),
      directory,
      append: async (path, text) => {
        await hdfs(cluster, {
          method: 'POST',
          op: 'APPEND',
          path,
          body: Buffer.from(text),
          user: analyst,
        });
      },
      dispose: () => removeDirectory(cluster, directory),
    };
  });
}
