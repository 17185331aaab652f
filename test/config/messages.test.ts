import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadSettings } from '../../src/config/load-settings.ts';
import { settingKeys } from '../../src/config/setting-table.ts';
import { ConfigError } from '../../src/core/errors.ts';
import { settingsOf } from './settings-of.ts';

const base = 'hdfs:\n  base_path: /data\n';

/** The keys of a section, as a message lists them. */
function keysOf(section: string): string {
  return settingKeys
    .filter((key) => key.startsWith(`${section}.`))
    .map((key) => key.slice(section.length + 1))
    .join(', ');
}

const cases: readonly [what: string, yaml: string, message: string][] = [
  [
    'wrong type',
    `${base}consolidation:\n  target_size_mb: "128"\n`,
    'FILE:4:19: consolidation.target_size_mb is "128"; allowed: a whole number from 1 to 102400 (MB of 2^20 bytes) or auto',
  ],
  [
    'out of range',
    `${base}consolidation:\n  min_files_threshold: 1\n`,
    'FILE:4:24: consolidation.min_files_threshold is 1; allowed: a whole number from 2 to 1000000 (files)',
  ],
  [
    'not a whole number',
    `${base}compression:\n  row_group_size: 1.5\n`,
    'FILE:4:19: compression.row_group_size is 1.5; allowed: a whole number from 1 to 100000000 (rows)',
  ],
  [
    'negative quiet period',
    `${base}consolidation:\n  quiet_minutes: -1\n`,
    'FILE:4:18: consolidation.quiet_minutes is -1; allowed: a number from 0 to 525600 (minutes; 0 switches the quiet period off)',
  ],
  [
    'not a number at all',
    `${base}safety:\n  max_retries: .nan\n`,
    'FILE:4:16: safety.max_retries is NaN; allowed: a whole number from 0 to 100 (retries)',
  ],
  [
    'yes instead of true',
    `${base}safety:\n  verify_integrity: yes\n`,
    'FILE:4:21: safety.verify_integrity is "yes"; allowed: true or false',
  ],
  [
    'a key without a value',
    `${base}safety:\n  backup_retention_days:\n`,
    'FILE:4:3: safety.backup_retention_days is empty; allowed: a whole number from 1 to 3650 (days)',
  ],
  [
    'retention below a day',
    `${base}safety:\n  backup_retention_days: 0\n`,
    'FILE:4:26: safety.backup_retention_days is 0; allowed: a whole number from 1 to 3650 (days)',
  ],
  [
    'a schema mode that there is not',
    `${base}consolidation:\n  schema: any\n`,
    'FILE:4:11: consolidation.schema is "any"; allowed: compatible, exact',
  ],
  [
    'a codec that is not written',
    `${base}compression:\n  codec: lzo\n`,
    'FILE:4:10: compression.codec is "lzo"; allowed: snappy, zstd, gzip, lz4_raw, uncompressed, keep; with a level zstd:1 to zstd:22, gzip:1 to gzip:9',
  ],
  [
    'a codec that does not exist',
    `${base}compression:\n  codec: [snappy]\n`,
    'FILE:4:10: compression.codec is ["snappy"]; allowed: snappy, zstd, gzip, lz4_raw, uncompressed, keep; with a level zstd:1 to zstd:22, gzip:1 to gzip:9',
  ],
  [
    'a NameNode with a path',
    'hdfs:\n  namenode: hdfs://nn:8020/data\n  base_path: /data\n',
    'FILE:2:13: hdfs.namenode is "hdfs://nn:8020/data"; allowed: host, host:port, or a URI hdfs://host:port, webhdfs://host:port or swebhdfs://host:port without a path',
  ],
  [
    'a NameNode whose port is written twice, and not the same',
    'hdfs:\n  namenode: nn:9000\n  port: 8020\n  base_path: /data\n',
    'FILE:2:13: hdfs.namenode is "nn:9000" and FILE:3:9: hdfs.port is 8020; allowed: the port once, or the same one twice',
  ],
  [
    'a mode that does not exist',
    `${base}consolidation:\n  mode: concat\n`,
    'FILE:4:9: consolidation.mode is "concat"; allowed: rewrite, fold',
  ],
  ['empty text', `${base}title: ""\n`, 'FILE:3:8: title is ""; allowed: text that is not empty'],
  [
    'a slip in a key',
    `${base}consolidation:\n  target_size: 128\n`,
    `FILE:4:3: unknown key consolidation.target_size; did you mean target_size_mb? Allowed: ${keysOf('consolidation')}`,
  ],
  [
    'a key in the wrong section',
    `${base}safety:\n  codec: snappy\n`,
    'FILE:4:3: unknown key safety.codec; it belongs under compression; allowed: verify_integrity, backup_before_delete, backup_retention_days, max_retries, allow_attribute_change',
  ],
  [
    'a section key at the top level',
    `${base}codec: snappy\n`,
    'FILE:3:1: unknown key codec; it belongs under compression; allowed: title, hdfs, consolidation, late_data, compression, budget, owners, safety, metrics, history, replica, alerts, hooks, lineage, datasets',
  ],
  [
    'an unknown section',
    `${base}kafka:\n  topic: x\n`,
    'FILE:3:1: unknown key kafka; allowed: title, hdfs, consolidation, late_data, compression, budget, owners, safety, metrics, history, replica, alerts, hooks, lineage, datasets',
  ],
  [
    'a section that is no section',
    'hdfs: 8020\n',
    `FILE:1:7: hdfs is 8020; allowed: a section with keys ${keysOf('hdfs')}`,
  ],
  [
    'a file that is a list',
    '# comment\n- hdfs\n',
    'FILE:2:1: the file holds a list; allowed: sections and keys title, hdfs, consolidation, late_data, compression, budget, owners, safety, metrics, history, replica, alerts, hooks, lineage, datasets',
  ],
  ['a duplicate key', `${base}title: a\ntitle: b\n`, 'FILE:4:1: Map keys must be unique'],
  [
    'a key that is part of every object',
    `${base}__proto__: 1\nconstructor: 2\n`,
    '2 settings are wrong:\n' +
      '  FILE:3:1: unknown key __proto__; allowed: title, hdfs, consolidation, late_data, compression, budget, owners, safety, metrics, history, replica, alerts, hooks, lineage, datasets\n' +
      '  FILE:4:1: unknown key constructor; allowed: title, hdfs, consolidation, late_data, compression, budget, owners, safety, metrics, history, replica, alerts, hooks, lineage, datasets',
  ],
  ['an unknown tag', `${base}title: !secret a\n`, 'FILE:3:8: Unresolved tag: !secret'],
  [
    'two documents',
    `${base}---\n${base}`,
    'FILE:3:1: Source contains multiple documents; please use YAML.parseAllDocuments()',
  ],
  [
    'several problems, in the order of the file',
    'title: 5\nhdfs:\n  base_path: /data\n  prot: 1\nsafety:\n  max_retries: many\n',
    '3 settings are wrong:\n' +
      '  FILE:1:8: title is 5; allowed: text that is not empty\n' +
      `  FILE:4:3: unknown key hdfs.prot; did you mean port? Allowed: ${keysOf('hdfs')}\n` +
      '  FILE:6:16: safety.max_retries is "many"; allowed: a whole number from 0 to 100 (retries)',
  ],
  [
    'a slip at the top of the file comes first',
    'titel: x\nhdfs:\n  base_path: 5\n',
    '2 settings are wrong:\n' +
      '  FILE:1:1: unknown key titel; did you mean title? Allowed: title, hdfs, consolidation, late_data, compression, budget, owners, safety, metrics, history, replica, alerts, hooks, lineage, datasets\n' +
      '  FILE:3:14: hdfs.base_path is 5; allowed: text that is not empty',
  ],
  [
    'a base path of an unknown scheme',
    'hdfs:\n  base_path: "s3://bucket/data"\n',
    'FILE:2:14: hdfs.base_path is "s3://bucket/data" and has the scheme s3:, which is not supported; allowed: a path, or a URI file:/path, hdfs://host:port/path, webhdfs://host:port/path or swebhdfs://host:port/path',
  ],
  [
    'a relative path on HDFS',
    'hdfs:\n  namenode: nn\n  base_path: data/x\n',
    'FILE:3:14: hdfs.base_path is "data/x" and is a relative path, but a NameNode is configured (nn), so it lies on HDFS; allowed: an absolute HDFS path, or file:/path for this machine',
  ],
  [
    'no base path anywhere',
    'title: x\n',
    'No base path is configured: neither --base-path nor HDFS_BASE_PATH is set, and FILE has no hdfs.base_path',
  ],
];

for (const [what, yaml, message] of cases) {
  test(`configuration file: ${what}`, async () => {
    assert.equal(await settingsOf({ yaml }), message);
  });
}

test('syntax errors come with their places', async () => {
  const message = await settingsOf({ yaml: 'hdfs:\n  base_path: [a\n' });
  assert.match(String(message), /^FILE:3:1: .*\]/);
});

test('an alias without an anchor is a problem of the file', async () => {
  assert.match(String(await settingsOf({ yaml: 'title: *nobody\n' })), /^FILE:1:\d+: .*nobody/);
});

test('flags and environment variables are named as the source', async () => {
  const message = await settingsOf({
    flags: { 'base-path': '/d', 'min-files': 'few', 'target-size': ['1', '2'] },
    env: { HDFS_PORT: '0', USE_DICTIONARY: 'yes', CONSOLIDATION_SCHEMA: 'any' },
  });
  assert.equal(
    message,
    [
      '5 settings are wrong:',
      '  environment variable HDFS_PORT is "0"; allowed: a whole number from 1 to 65535 (a TCP port)',
      '  flag --target-size is ["1","2"]; allowed: a whole number from 1 to 102400 (MB of 2^20 bytes) or auto',
      '  flag --min-files is "few"; allowed: a whole number from 2 to 1000000 (files)',
      '  environment variable CONSOLIDATION_SCHEMA is "any"; allowed: compatible, exact',
      '  environment variable USE_DICTIONARY is "yes"; allowed: true or false',
    ].join('\n'),
  );
});

test('numbers in words other than digits are refused', async () => {
  for (const text of ['0x10', '1e3', ' ', '12 MB', 'Infinity']) {
    const message = await settingsOf({ flags: { 'base-path': '/d', 'min-files': text } });
    assert.match(String(message), /^flag --min-files is /, text);
  }
});

test('base paths that name no place are refused', async () => {
  for (const [text, expected] of [
    ['file:relative', /without an absolute path/],
    ['file://other-host/data', /without an absolute path/],
    ['hdfs:///data', /no NameNode and none is configured/],
    ['hdfs://nn:8020', /names no absolute path/],
    ['hdfs://nn:99999/data', /port 1 to 65535/],
    ['hdfs://user@nn/data', /host or host:port/],
    ['webhdfs://nn:0/data', /port 1 to 65535/],
    ['hdfs:data', /names no absolute path/],
  ] as const) {
    const message = await settingsOf({ flags: { 'base-path': text } });
    assert.match(String(message), expected);
    assert.ok(String(message).startsWith(`flag --base-path is "${text}" and `));
  }
});

test('NameNodes that are none are refused', async () => {
  for (const text of [
    'nn:',
    'nn:0',
    'nn:65536',
    'nn:80x',
    's3://nn',
    'user@nn',
    'nn/data',
    'nn1,nn2',
    '::1',
  ]) {
    const message = await settingsOf({ flags: { 'base-path': '/d' }, env: { HDFS_NAMENODE: text } });
    assert.match(String(message), /^environment variable HDFS_NAMENODE is "[^"]+"; allowed: host, /, text);
  }
});

test('a configuration file that is not there is named, with exit code 2', async () => {
  await assert.rejects(
    loadSettings({ flags: {}, env: { CONSOLIDATION_CONFIG: 'gone.yaml' }, currentDirectory: '/nowhere' }),
    (error) =>
      error instanceof ConfigError &&
      error.code === 'config-unreadable' &&
      error.exitCode === 2 &&
      error.message.startsWith('Cannot read the configuration file /nowhere/gone.yaml: ENOENT'),
  );
});
