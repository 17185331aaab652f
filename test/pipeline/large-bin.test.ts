import assert from 'node:assert/strict';
import { it } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import type { Store } from '../../src/store/store.ts';
import { smallFiles } from '../support/hdfs-seed.ts';
import { contentOf, memoryHdfs } from '../support/memory-hdfs.ts';
import { usualTask } from '../support/usual-task.ts';

const basePath = '/lake/telemetry';
const partition = `${basePath}/date=2025-08-15`;
const binBytes = 86 * 2 ** 20;

it('merge and backup of a bin larger than what is remembered read each file once for both', async () => {
  const [file] = await smallFiles(1, { rowsPerFile: 4000 });
  assert.ok(file !== undefined && file.bytes.length < 256 * 1024, 'it is read whole');
  const memory = memoryHdfs();
  const longAgoMs = (await memory.store.nowMs()) - 2 * 86_400_000;
  await memory.store.makeDirectory(partition, 0o755);
  const content = contentOf(file.bytes);
  let count = 0;
  for (; count * file.bytes.length < binBytes; count++) {
    memory.addFile(`${partition}/part-${String(count).padStart(4, '0')}.parquet`, content, longAgoMs);
  }
  memory.setModifiedAt(partition, longAgoMs);

  // On HDFS each read opens the file anew.
  let reads = 0;
  const store: Store = {
    ...memory.store,
    abilities: { ...memory.store.abilities, remote: true },
    open: async (path, expected) => {
      const source = await memory.store.open(path, expected);
      if (!path.startsWith(partition)) return source;
      return {
        ...source,
        read: (offsetBytes, lengthBytes) => {
          reads++;
          return source.read(offsetBytes, lengthBytes);
        },
      };
    },
  };
  const flags = { 'base-path': `hdfs://memory:8020${basePath}`, memory: '256MB', 'quiet-minutes': 0 };
  const settings = await loadSettings({ flags, env: {} });
  const result = await consolidatePartition({
    ...usualTask(),
    store,
    basePath,
    date: '2025-08-15',
    settings,
  });
  assert.equal(result.result, 'consolidated', result.error?.message ?? result.reason);
  assert.equal(result.outputs.length, 1, 'one bin');
  assert.equal(result.outputs[0]?.rows, count * file.rows);
  assert.notEqual(result.backup, undefined);
  // Half of them fits into what is remembered, and is read once in all; the other half once to plan, and once for merge and backup.
  assert.ok(reads < 1.6 * count, `${count} files took ${reads} reads`);
});
