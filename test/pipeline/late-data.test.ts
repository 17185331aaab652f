import assert from 'node:assert/strict';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { memorySink } from '../../src/core/byte-sink.ts';
import { silentLogger } from '../../src/core/log.ts';
import { readFooter } from '../../src/parquet/footer.ts';
import { pageType, physicalType } from '../../src/parquet/format.ts';
import { mergeFiles } from '../../src/parquet/merge/merge-files.ts';
import { consolidatePartition } from '../../src/pipeline/consolidate-partition.ts';
import { localStore } from '../../src/store/local/local-store.ts';
import { refOf, type Store } from '../../src/store/store.ts';
import { tempDirectory } from '../cli/dataset.ts';
import { craftedFile, craftedPage } from '../parquet/crafted-file.ts';
import { type SmallFile, smallFiles } from '../support/hdfs-seed.ts';
import { memoryHdfs } from '../support/memory-hdfs.ts';
import { usualTask } from '../support/usual-task.ts';

const date = '2025-08-15';
const dayMs = 86_400_000;

/** A dataset that files can be put into with an age. */
interface Lake {
  readonly store: Store;
  readonly basePath: string;
  readonly baseFlag: string;
  put(file: Pick<SmallFile, 'name' | 'bytes'>, ageDays: number): Promise<void>;
}

async function hdfsLake(): Promise<Lake> {
  const { store, setModifiedAt } = memoryHdfs();
  const basePath = '/lake';
  const partition = `${basePath}/date=${date}`;
  await store.makeDirectory(partition, 0o755);
  return {
    store,
    basePath,
    baseFlag: 'hdfs://memory:8020/lake',
    put: async ({ name, bytes }, ageDays) => {
      const sink = await store.create(join(partition, name));
      await sink.write(bytes);
      await sink.close();
      setModifiedAt(join(partition, name), (await store.nowMs()) - ageDays * dayMs);
    },
  };
}

async function localLake(t: TestContext): Promise<Lake> {
  const basePath = await tempDirectory(t);
  const partition = join(basePath, `date=${date}`);
  await mkdir(partition);
  return {
    store: localStore(),
    basePath,
    baseFlag: basePath,
    put: async ({ name, bytes }, ageDays) => {
      await writeFile(join(partition, name), bytes);
      const at = new Date(Date.now() - ageDays * dayMs);
      await utimes(join(partition, name), at, at);
    },
  };
}

/** What a reader of all files in name order gets. */
async function readAll({
  store,
  basePath,
}: Lake): Promise<{ readonly rows: number; readonly files: number }> {
  const found = (await store.list(`${basePath}/date=${date}`)) ?? [];
  const inputs = await Promise.all(
    found.map(async (status) => {
      const source = await store.open(status.path, refOf(status));
      return { source, footer: await readFooter(source) };
    }),
  );
  const { rows } = await mergeFiles(inputs, memorySink('reading'), {
    rowGroupRows: 50_000,
    rowGroupBytes: 2 ** 27,
    useDictionary: true,
    keyValues: [],
    createdBy: 'a reader',
  });
  await Promise.all(inputs.map(({ source }) => source.close()));
  return { rows, files: inputs.length };
}

async function consolidate(lake: Lake, env: Readonly<Record<string, string>> = { ROW_GROUP_SIZE: '100' }) {
  const messages: string[] = [];
  const flags = { 'base-path': lake.baseFlag, 'quiet-minutes': 0 };
  const result = await consolidatePartition({
    store: lake.store,
    basePath: lake.basePath,
    settings: await loadSettings({ flags, env }),
    ...usualTask(),
    today: '2099-01-01',
    log: { ...silentLogger, info: (message) => void messages.push(message) },
    date,
  });
  return { result, messages: messages.join('\n') };
}

describe('late files in a consolidated partition', () => {
  let files: readonly SmallFile[];
  before(async () => {
    files = await smallFiles(14, { rowsPerFile: 40 });
  });

  for (const [kind, makeLake] of [
    ['HDFS', hdfsLake],
    ['a local directory', localLake],
  ] as const) {
    it(`wait until they are old enough, and large row groups are then copied: ${kind}`, async (t) => {
      const lake = await makeLake(t);
      // 480 rows in row groups of 100: the last has 80.
      for (const file of files.slice(2)) await lake.put(file, 60);
      const first = await consolidate(lake);
      assert.equal(first.result.result, 'consolidated', first.result.reason);
      assert.equal(first.result.rowGroupsAfter, 5);

      // Both sort before the merged file.
      const [one, other] = files;
      assert.ok(one && other);
      await lake.put(one, 5);
      const early = await consolidate(lake);
      assert.equal(early.result.result, 'nothing');

      await lake.put(other, 31);
      const second = await consolidate(lake);
      assert.equal(second.result.result, 'consolidated', second.result.reason);
      assert.match(second.messages, /560 rows, 5 of 6 row groups copied as they were/);
      assert.equal(second.result.outputs[0]?.verification?.level, 'full');
      assert.deepEqual(await readAll(lake), { rows: 560, files: 1 });
      const reasons = second.result.plan?.files.map(({ reason }) => reason).join('\n') ?? '';
      assert.match(reasons, /2 new files .* that waited for others for 31 days, longer than 30 days/);
      assert.equal((await consolidate(lake)).result.result, 'nothing');
    });
  }

  it('come with large row groups of another writer, which are copied too', async (t) => {
    const lake = await localLake(t);
    const rows = 140_000;
    const page = (from: number): Uint8Array => {
      const body = new Uint8Array(Float64Array.from({ length: rows / 7 }, (_, i) => from + i / 7).buffer);
      return craftedPage({ type: pageType.DATA_PAGE, values: rows / 7, body });
    };
    const speed = { name: 'speed', repetition: 0, type: physicalType.DOUBLE, children: [] } as const;
    for (let i = 0; i < 5; i++) {
      const pages = [0, 1, 2, 3, 4, 5, 6].map((number) => page(i * rows + (number * rows) / 7));
      const bytes = craftedFile([speed], [{ rows, chunks: [{ pages, values: rows }] }]);
      await lake.put({ name: `part-${i}.parquet`, bytes }, 60);
    }
    const { result, messages } = await consolidate(lake, {
      ROW_GROUP_SIZE: String(rows),
      COMPRESSION_CODEC: 'uncompressed',
    });
    assert.equal(result.result, 'consolidated', result.reason);
    assert.match(messages, /700000 rows, 4 of 5 row groups copied as they were/);
    assert.equal(result.outputs[0]?.verification?.level, 'full');
    assert.deepEqual(await readAll(lake), { rows: 5 * rows, files: 1 });
  });
});
