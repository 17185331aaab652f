/** A run that SIGKILLs itself right after it moved the partition away: `killed-run.ts <base path> <date>`. */
import { loadSettings } from '../../src/config/load-settings.ts';
import { partitionPath } from '../../src/partition/names.ts';
import { consolidateDates } from '../../src/pipeline/consolidate-dates.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import type { Store } from '../../src/store/store.ts';
import { usualTask } from '../support/usual-task.ts';

const [basePath = '', date = ''] = process.argv.slice(2);
const inner = localStore();
const store: Store = {
  ...inner,
  rename: async (from, to) => {
    await inner.rename(from, to);
    if (from === partitionPath(basePath, date)) process.kill(process.pid, 'SIGKILL');
  },
};
await consolidateDates(
  {
    store,
    basePath,
    settings: await loadSettings({ flags: { 'base-path': basePath }, env: {} }),
    ...usualTask(),
  },
  [date],
);
