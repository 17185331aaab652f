import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { baseText } from '../../src/config/base-location.ts';
import { loadDatasetFreeSettings, loadSettings } from '../../src/config/load-settings.ts';
import { type SettingKey, settingKeys, settingRow } from '../../src/config/setting-table.ts';
import { loaded } from './settings-of.ts';

test('the defaults are those of the requirements', async () => {
  const { sources, ...settings } = await loaded({ flags: { 'base-path': '/data' } });
  assert.deepEqual(settings, {
    title: 'Parquet consolidation',
    base: { kind: 'local', path: '/data' },
    hdfs: {
      port: 8020,
      basePath: '/data',
      authentication: 'auto',
      timeoutMs: 60_000,
      failoverMs: 120_000,
      tls: {},
      limits: { requestsPerSecond: 1_000, nameNodeConnections: 32, dataNodeConnections: 16 },
    },
    consolidation: {
      targetSizeBytes: 134_217_728,
      minFiles: 5,
      layout: 'date={yyyy-MM-dd}',
      quietMinutes: 60,
      late: { minRowShare: 0.25, maxAgeDays: 30 },
      tempDirectory: '/tmp/parquet_consolidation',
      schema: 'compatible',
      swap: 'auto',
      mode: 'rewrite',
    },
    compression: {
      codec: 'snappy',
      encodings: 'standard',
      pageSizeBytes: 1_048_576,
      rowGroupRows: 50_000,
      rowGroupBytes: 128 * 1024 * 1024,
      useDictionary: true,
    },
    safety: {
      verifyIntegrity: true,
      backupBeforeDelete: true,
      backupRetentionDays: 7,
      maxRetries: 3,
      allowAttributeChange: false,
    },
    budget: {},
    owners: { onMismatch: 'refuse' },
    metrics: { job: 'parquet_consolidation' },
    history: {},
    notify: { slowAfterMs: 300_000, afterSwap: { timeoutMs: 60_000 } },
  });
  assert.equal(sources['hdfs.base_path'], 'flag --base-path');
  assert.equal(sources['compression.codec'], 'default');
});

test('flag wins over environment, environment over file, file over default; each with its source', async () => {
  const yaml =
    'hdfs: {base_path: /f}\nconsolidation:\n  target_size_mb: 1\n  min_files_threshold: 11\n  quiet_minutes: 12\n';
  const { consolidation, sources } = await loaded({
    yaml,
    env: { TARGET_SIZE_MB: '2', MIN_FILES: '22', QUIET_MINUTES: '' },
    flags: { 'target-size': '3', 'min-files': undefined },
  });
  assert.equal(consolidation.targetSizeBytes, 3 * 1024 * 1024);
  assert.equal(consolidation.minFiles, 22);
  assert.equal(consolidation.quietMinutes, 12);
  assert.equal(sources['consolidation.target_size_mb'], 'flag --target-size');
  assert.equal(sources['consolidation.min_files_threshold'], 'environment variable MIN_FILES');
  assert.equal(sources['consolidation.quiet_minutes'], 'FILE:5:18');
  assert.equal(sources['safety.max_retries'], 'default');
});

test('relative paths start from the file they stand in, or from the current directory', async () => {
  const yaml = 'hdfs: {base_path: ../set}\nconsolidation: {temp_directory: scratch}\n';
  assert.deepEqual((await loaded({ yaml })).base, { kind: 'local', path: '/tmp/set' });
  assert.equal((await loaded({ yaml })).consolidation.tempDirectory, '/DIR/scratch');
  const byFlag = await loaded({
    yaml,
    flags: { 'base-path': '../set/' },
    env: { TEMP_DIRECTORY: 'scratch' },
  });
  assert.deepEqual(byFlag.base, { kind: 'local', path: '/set' });
  assert.equal(byFlag.consolidation.tempDirectory, '/work-dir/scratch');
});

test('a base path lies on HDFS when its URI or a NameNode says so, else on this machine', async () => {
  const on = async (basePath: string, env: Record<string, string> = {}) =>
    baseText((await loaded({ flags: { 'base-path': basePath }, env })).base);
  assert.equal(await on('/a/b/'), '/a/b');
  assert.equal(await on('/'), '/');
  assert.equal(await on('a b'), '/work-dir/a b');
  assert.equal(await on('file:/a%20b'), '/a b');
  assert.equal(await on('FILE:///a'), '/a');
  assert.equal(await on('file:/a', { HDFS_NAMENODE: 'nn' }), '/a');
  assert.equal(await on('/a/b/', { HDFS_NAMENODE: 'nn' }), 'hdfs://nn:8020/a/b');
  assert.equal(await on('/a', { HDFS_NAMENODE: 'nn', HDFS_PORT: '9000' }), 'hdfs://nn:9000/a');
  assert.equal(await on('hdfs:///a', { HDFS_NAMENODE: 'nn' }), 'hdfs://nn:8020/a');
  assert.equal(await on('hdfs:/a', { HDFS_NAMENODE: 'nn' }), 'hdfs://nn:8020/a');
  assert.equal(await on('webhdfs://other:9870/a//b', { HDFS_NAMENODE: 'nn' }), 'webhdfs://other:9870/a/b');
  assert.equal(await on('swebhdfs://[::1]:9871/'), 'swebhdfs://[::1]:9871/');
});

test('a NameNode may be written as host, host:port or URI, and says how it is reached', async () => {
  const on = async (env: Record<string, string>, basePath = '/a') => {
    const { base } = await loaded({ flags: { 'base-path': basePath }, env });
    return base.kind === 'hdfs' ? `${baseText(base)} by ${base.webHdfsPort}` : base.path;
  };
  for (const namenode of ['nn', 'nn:8020', 'hdfs://nn', 'HDFS://nn:8020/'])
    assert.equal(await on({ HDFS_NAMENODE: namenode }), 'hdfs://nn:8020/a by 9870', namenode);
  assert.equal(await on({ HDFS_NAMENODE: 'nn:9000' }), 'hdfs://nn:9000/a by 9870');
  assert.equal(await on({ HDFS_NAMENODE: 'nn', HDFS_WEBHDFS_PORT: '50070' }), 'hdfs://nn:8020/a by 50070');
  assert.equal(await on({ HDFS_NAMENODE: 'webhdfs://nn' }), 'webhdfs://nn:9870/a by 9870');
  assert.equal(await on({ HDFS_NAMENODE: 'webhdfs://nn:14000' }), 'webhdfs://nn:14000/a by 14000');
  assert.equal(await on({ HDFS_NAMENODE: 'swebhdfs://nn' }), 'swebhdfs://nn:9871/a by 9871');
  assert.equal(
    await on({ HDFS_NAMENODE: 'webhdfs://nn:14000' }, 'hdfs:///a'),
    'webhdfs://nn:14000/a by 14000',
  );
  assert.equal(await on({ HDFS_NAMENODE: 'nn:8020' }, 'webhdfs:///a'), 'webhdfs://nn:9870/a by 9870');
  assert.equal(await on({ HDFS_NAMENODE: 'nn:8020' }, 'swebhdfs:/a'), 'swebhdfs://nn:9871/a by 9871');
  assert.equal(await on({}, 'webhdfs://nn/a'), 'webhdfs://nn:9870/a by 9870');
  assert.equal(await on({ HDFS_WEBHDFS_PORT: '1' }, 'webhdfs://nn:2/a'), 'webhdfs://nn:2/a by 2');
  assert.equal(await on({ HDFS_WEBHDFS_PORT: '1' }, 'hdfs://nn/a'), 'hdfs://nn:8020/a by 1');
  assert.equal(await on({}, 'hdfs://nn/a%20b'), 'hdfs://nn:8020/a%20b by 9870');
});

test('of two ports of a NameNode the one of higher precedence counts', async () => {
  const on = async (yaml: string, env: Record<string, string>) =>
    baseText((await loaded({ yaml: `hdfs: {base_path: /a, ${yaml}}\n`, env })).base);
  assert.equal(await on('port: 8020', { HDFS_NAMENODE: 'nn:9000' }), 'hdfs://nn:9000/a');
  assert.equal(await on('namenode: "nn:9000"', { HDFS_PORT: '8020' }), 'hdfs://nn:8020/a');
  assert.equal(await on('namenode: "nn:9000", port: 9000', {}), 'hdfs://nn:9000/a');
  assert.equal(
    await on('namenode: "webhdfs://nn:1"', { HDFS_WEBHDFS_PORT: '2', HDFS_PORT: '3' }),
    'webhdfs://nn:2/a',
  );
});

test('user, timeout and mode arrive', async () => {
  const env = { HADOOP_USER_NAME: 'etl', HDFS_TIMEOUT_SECONDS: '1.5', CONSOLIDATION_MODE: 'rewrite' };
  const settings = await loaded({ flags: { 'base-path': 'hdfs://nn/a', mode: 'fold' }, env });
  assert.equal(settings.hdfs.user, 'etl');
  assert.equal(settings.hdfs.timeoutMs, 1500);
  assert.equal(settings.consolidation.mode, 'fold');
  assert.equal(settings.sources['hdfs.user'], 'environment variable HADOOP_USER_NAME');
});

test('the shipped configuration loads and points at the demo dataset beside it', async () => {
  const configPath = fileURLToPath(new URL('../../config/consolidation.yaml', import.meta.url));
  const settings = await loadSettings({ flags: {}, env: {}, configPath });
  assert.equal(settings.title, 'Insurance MegaCorp - Telemetry Data Consolidation');
  assert.equal(settings.base.path, fileURLToPath(new URL('../../.demo/telemetry-data-v2', import.meta.url)));
  assert.equal(settings.base.kind, 'local');
  const bare = await loadSettings({ flags: { 'base-path': '/x' }, env: {} });
  for (const part of ['consolidation', 'compression', 'safety'] as const) {
    assert.deepEqual(settings[part], bare[part], `shipped ${part} differs from the defaults`);
  }
});

test('commands that need no dataset load without a base path, and just as strictly', async () => {
  const settings = await loadDatasetFreeSettings({ flags: {}, env: { ROW_GROUP_SIZE: '10' } });
  assert.equal(settings.compression.rowGroupRows, 10);
  await assert.rejects(
    loadDatasetFreeSettings({ flags: {}, env: { ROW_GROUP_SIZE: '0' } }),
    /ROW_GROUP_SIZE is "0"/,
  );
});

test('empty files and sections whose keys are all commented out count as not written', async () => {
  const flags = { 'base-path': '/data' };
  for (const yaml of [
    '',
    '# nothing\n',
    'hdfs:\n  # namenode: x\nsafety:\n',
    '\uFEFFtitle: a\r\nhdfs:\r\n',
  ]) {
    assert.equal((await loaded({ yaml, flags })).base.path, '/data');
  }
});

test('switches and numbers come as text from the environment', async () => {
  const env = {
    USE_DICTIONARY: '0',
    ALLOW_ATTRIBUTE_CHANGE: '1',
    VERIFY_INTEGRITY: ' false ',
    QUIET_MINUTES: '0.5',
    MEMORY_MB: '768',
  };
  const settings = await loaded({ flags: { 'base-path': '/data' }, env });
  assert.equal(settings.compression.useDictionary, false);
  assert.equal(settings.safety.allowAttributeChange, true);
  assert.equal(settings.safety.verifyIntegrity, false);
  assert.equal(settings.consolidation.quietMinutes, 0.5);
  assert.equal(settings.consolidation.memoryBytes, 768 * 2 ** 20);
  const sized = await loaded({ flags: { 'base-path': '/data', memory: '1GB' }, env });
  assert.equal(sized.consolidation.memoryBytes, 2 ** 30);
  for (const memory of ['1TBB', '100MB', '0.3001GB', '2TB']) {
    await assert.rejects(
      loaded({ flags: { 'base-path': '/data', memory }, env: {} }),
      /--memory is .+; allowed: a whole number from 256 to 1048576 \(MB of 2\^20 bytes\) or a size such as 1GB/,
      memory,
    );
  }
});

test('a codec may come with a level, from everywhere', async () => {
  const flags = { 'base-path': '/data' };
  const { compression } = await loaded({ flags, yaml: 'compression:\n  codec: zstd:19\n' });
  assert.deepEqual([compression.codec, compression.level], ['zstd', 19]);
  const gzip = (await loaded({ flags, env: { COMPRESSION_CODEC: 'gzip:9' } })).compression;
  assert.deepEqual([gzip.codec, gzip.level], ['gzip', 9]);
  assert.equal('level' in (await loaded({ flags: { ...flags, codec: 'zstd' } })).compression, false);
  for (const wrong of [
    'zstd:99',
    'zstd:0',
    'gzip:10',
    'snappy:1',
    'zstd:',
    'zstd:03',
    'keep:3',
    'constructor:1',
  ]) {
    await assert.rejects(loadSettings({ flags: { ...flags, codec: wrong }, env: {} }), {
      code: 'config-invalid',
      message: /zstd:1 to zstd:22, gzip:1 to gzip:9/,
    });
  }
});

test('any subset of keys loads from any source, and the values arrive', async () => {
  const sources = ['file', 'env', 'absent'] as const;
  // The directory the first names is read (hadoop.test.ts), the others take no text but URLs and places apart from the dataset.
  const apart: readonly string[] = ['hdfs.hadoop_conf', 'hdfs.webhdfs_url', 'replica.uri'];
  // Rows are not sorted where files are only joined.
  const excluding = 'consolidation.sort_by';
  const keys = settingKeys.filter((key) => key !== excluding && !apart.includes(key));
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(...keys.map((key) => fc.tuple(drawValue(key), fc.constantFrom(...sources)))),
      async (drawn) => {
        const values = keys.map((key, i) => ({ key, value: drawn[i]?.[0], source: drawn[i]?.[1] }));
        const file: Record<string, unknown> = {};
        for (const { key, value } of values.filter(({ source }) => source === 'file')) {
          const [section, name] = key.includes('.') ? key.split('.') : [undefined, key];
          if (section === undefined) file[key] = value;
          else file[section] = { ...Object(file[section]), [name ?? '']: value };
        }
        const env = Object.fromEntries(
          values.flatMap(({ key, value, source }) =>
            source === 'env' ? [[settingRow(key).env, String(value)]] : [],
          ),
        );
        const settings = await loaded({ yaml: JSON.stringify(file), env, flags: { 'base-path': '/flag' } });
        for (const { key, source } of values) {
          const shown = settings.sources[key] ?? '';
          const expected =
            key === 'hdfs.base_path'
              ? /^flag/
              : { file: /^FILE:1:\d+$/, env: /^env/, absent: /^default$/ }[source ?? 'absent'];
          assert.match(shown, expected, key);
        }
        const retries = values.find(({ key }) => key === 'safety.max_retries');
        assert.equal(settings.safety.maxRetries, retries?.source === 'absent' ? 3 : retries?.value);
      },
    ),
    { numRuns: 60 },
  );
});

function drawValue(key: SettingKey): fc.Arbitrary<string | number | boolean> {
  const { kind } = settingRow(key);
  switch (kind.type) {
    case 'text':
      return fc.constantFrom('/a', 'b c', 'ü', '#5', 'it\'s: "x"');
    case 'namenode':
      return fc.constantFrom('nn', 'big-data-005.example.com', '10.0.0.1', '[::1]', 'swebhdfs://nn');
    case 'duration':
      return fc.constantFrom('90m', '2h', '1h30m');
    case 'size':
      return fc.constantFrom('500GB', '1.5 TB', '1MB');
    case 'window':
      return fc.constantFrom('22:00-06:00', '01:30-24:00 Europe/Berlin');
    case 'order':
      return fc.constantFrom('a', 'vehicle_id, at desc nulls first');
    case 'mode':
      return fc.constantFrom('0640', '755');
    case 'layout':
      return fc.constantFrom('dt={yyyyMMdd}', 'year={yyyy}/month={M}/day={d}', '{source}/{yyyy-MM-dd}');
    case 'url':
      return fc.constantFrom(...kind.schemes.map((scheme) => `${scheme}://host:1234/path`));
    case 'switch':
      return fc.boolean();
    case 'number':
      return fc.integer({ min: Math.ceil(kind.min), max: kind.max });
    case 'choice':
      return fc.constantFrom(...kind.choices);
  }
}
