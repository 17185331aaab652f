import { memoryHdfs } from '../support/memory-hdfs.ts';
import { storeContract } from './store-contract.ts';

storeContract('HDFS in memory, which the loops over every mutation use', async () => {
  const memory = memoryHdfs();
  const directory = '/lake/contract';
  await memory.store.makeDirectory(directory, 0o755);
  // As time goes by: the contract asks for a touch to be seen.
  memory.setNowMs(Date.now());
  return {
    store: memory.store,
    directory,
    append: async (path, text) => memory.append(path, text),
    dispose: async () => {},
  };
});
