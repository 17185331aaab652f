import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { loadDatasetNames, loadSettings } from '../../src/config/load-settings.ts';
import { parseDuration, parseMode, parseSize } from '../../src/config/quantities.ts';
import type { Settings } from '../../src/config/settings.ts';
import { isWithin, parseDailyWindow, windowText } from '../../src/core/daily-window.ts';
import { ConfigError } from '../../src/core/errors.ts';

const two = `
consolidation:
  target_size_mb: 64
  min_files_threshold: 7
budget:
  window: "22:00-06:00"
metrics:
  textfile: metrics/x.prom
datasets:
  telemetry:
    base_path: lake/telemetry
    consolidation:
      target_size_mb: 256
      layout: "year={yyyy}/month={MM}/day={dd}"
    compression: {codec: "zstd:3"}
    owners: {user: etl, mode: "0640", on_mismatch: warn}
  claims:
    base_path: /lake/claims
    priority: 2.5
    safety: {backup_retention_days: 3}
    budget: {window: "01:00-05:00 Europe/Berlin"}
`;

async function configured(t: TestContext, yaml: string) {
  const directory = await mkdtemp(join(tmpdir(), 'consolidator-datasets-'));
  t.after(() => rm(directory, { recursive: true }));
  const configPath = join(directory, 'c.yaml');
  await writeFile(configPath, yaml);
  const plain = (text: string): string => text.replaceAll(configPath, 'FILE').replaceAll(directory, '/DIR');
  return {
    names: async () => loadDatasetNames({ flags: {}, env: {}, configPath }),
    load: async (
      dataset: string | undefined,
      flags: Record<string, unknown> = {},
      env: Record<string, string> = {},
    ): Promise<Settings> => {
      const one = dataset === undefined ? {} : { dataset };
      return JSON.parse(plain(JSON.stringify(await loadSettings({ flags, env, configPath, ...one }))));
    },
    problem: async (dataset: string | undefined): Promise<string> => {
      try {
        const one = dataset === undefined ? {} : { dataset };
        await loadSettings({ flags: {}, env: {}, configPath, ...one });
      } catch (error) {
        if (error instanceof ConfigError) return plain(`${error.message} ${error.hint ?? ''}`).trim();
        throw error;
      }
      throw new Error('it loaded');
    },
  };
}

describe('datasets', () => {
  it('have what they say for themselves, and the common settings for the rest', async (t) => {
    const { load, names } = await configured(t, two);
    assert.deepEqual(await names(), [
      { name: 'claims', priority: 2.5 },
      { name: 'telemetry', priority: 1 },
    ]);
    const telemetry = await load('telemetry');
    assert.deepEqual(telemetry.dataset, { name: 'telemetry', priority: 1 });
    assert.deepEqual(telemetry.base, { kind: 'local', path: '/DIR/lake/telemetry' });
    assert.equal(telemetry.consolidation.targetSizeBytes, 256 * 2 ** 20);
    assert.equal(telemetry.consolidation.minFiles, 7);
    assert.equal(telemetry.consolidation.layout, 'year={yyyy}/month={MM}/day={dd}');
    assert.equal(telemetry.compression.codec, 'zstd');
    assert.deepEqual(telemetry.owners, { user: 'etl', mode: 0o640, onMismatch: 'warn' });
    assert.deepEqual(telemetry.budget.window, { fromMinute: 1320, toMinute: 360 });
    assert.equal(telemetry.metrics.textfile, '/DIR/metrics/x-telemetry.prom');
    assert.equal(telemetry.sources['consolidation.target_size_mb'], 'FILE:13:23');
    const claims = await load('claims');
    assert.equal(claims.consolidation.targetSizeBytes, 64 * 2 ** 20);
    assert.equal(claims.consolidation.layout, 'date={yyyy-MM-dd}');
    assert.equal(claims.safety.backupRetentionDays, 3);
    assert.deepEqual(claims.budget.window, { fromMinute: 60, toMinute: 300, timeZone: 'Europe/Berlin' });
  });

  it('are overridden by flags and the environment, which name no base path for them', async (t) => {
    const { load } = await configured(t, two);
    const env = { TARGET_SIZE_MB: '32', HDFS_BASE_PATH: '/elsewhere' };
    const settings = await load('telemetry', { 'min-files': '9' }, env);
    assert.equal(settings.consolidation.targetSizeBytes, 32 * 2 ** 20);
    assert.equal(settings.consolidation.minFiles, 9);
    assert.deepEqual(settings.base, { kind: 'local', path: '/DIR/lake/telemetry' });
    assert.deepEqual((await load(undefined, {}, env)).base, { kind: 'local', path: '/elsewhere' });
    assert.equal((await load(undefined, {}, env)).dataset, undefined);
  });

  it('are told of with line and column when something is wrong, whichever is asked for', async (t) => {
    for (const [yaml, expected] of [
      ['datasets: [a]', /FILE:1:11: datasets is a list; allowed: names of datasets/],
      [
        'datasets: {a: /x}',
        /FILE:1:15: datasets\.a is "\/x"; allowed: a section with keys base_path, priority, consolidation/,
      ],
      ['datasets: {a: {}}', /FILE:1:15: the dataset a has no base_path/],
      ['datasets: {"a b": {base_path: /x}}', /FILE:1:12: "a b" cannot be the name of a dataset/],
      ['datasets: {a: {base_path: ""}}', /FILE:1:27: datasets\.a\.base_path is ""/],
      [
        'datasets: {a: {base_path: /x, priority: 0}}',
        /datasets\.a\.priority is 0; allowed: a number from 0\.001/,
      ],
      [
        'datasets: {a: {base_path: /x, prioritty: 1}}',
        /unknown key datasets\.a\.prioritty; did you mean priority\?/,
      ],
      [
        'datasets: {a: {base_path: /x, target_size_mb: 1}}',
        /unknown key datasets\.a\.target_size_mb; it belongs under consolidation/,
      ],
      [
        'datasets: {a: {base_path: /x, consolidation: {target_sise_mb: 1}}}',
        /FILE:1:47: unknown key datasets\.a\.consolidation\.target_sise_mb; did you mean target_size_mb\?/,
      ],
      [
        'datasets: {a: {base_path: /x, consolidation: {memory_mb: 512}}}',
        /memory_mb; it is the same for all datasets/,
      ],
      ['datasets: {a: {base_path: /x, metrics: {job: j}}}', /unknown key datasets\.a\.metrics/],
      [
        'datasets: {a: {base_path: /x, consolidation: {target_size_mb: -1}}}',
        /FILE:1:63: datasets\.a\.consolidation\.target_size_mb is -1; allowed: /,
      ],
      [
        'datasets: {a: {base_path: /x, consolidation: {layout: "{yyyy}"}}}',
        /is "\{yyyy\}", which does not say where the month and the day stands/,
      ],
      [
        'datasets: {a: {base_path: /x, owners: {mode: 0640}}}',
        /owners\.mode is 640; allowed: octal digits as text, such as "0640"/,
      ],
      [
        'datasets: {a: {base_path: /x, budget: {window: "25:00-06:00"}}}',
        /budget\.window is "25:00-06:00"; allowed: hours such as/,
      ],
      ['dataset: {a: {base_path: /x}}', /unknown key dataset; did you mean datasets\?/],
    ] as const) {
      const { problem } = await configured(t, `${yaml}\nhdfs: {base_path: /y}\n`);
      assert.match(await problem(undefined), expected, yaml);
    }
  });

  it('must be among those of the file, and apart from each other', async (t) => {
    const { problem } = await configured(t, two);
    assert.equal(
      await problem('telemetri'),
      'there is no dataset "telemetri": FILE has telemetry, claims Did you mean --dataset telemetry?',
    );
    const nested = await configured(t, 'datasets:\n  a: {base_path: /lake}\n  b: {base_path: /lake/b}\n');
    assert.match(
      await nested.problem('a'),
      /FILE:3:18: datasets\.b\.base_path is \/lake\/b, which lies in the dataset a \(\/lake\), or around it/,
    );
    const shared = await configured(
      t,
      'replica: {uri: /copy}\ndatasets:\n  a: {base_path: /lake/a}\n  b: {base_path: /lake/b, replica: {uri: /copy/b}}\n',
    );
    assert.match(await shared.problem('a'), /replica\.uri is one place for 2 datasets/);
    assert.equal((await shared.load('b')).replica?.path, '/copy/b');
    const none = await configured(t, 'hdfs: {base_path: /y}\n');
    assert.match(await none.problem('a'), /FILE has no datasets/);
    assert.deepEqual(await none.names(), []);
  });
});

describe('hours of the day', () => {
  it('hold by the clock on the wall, also past midnight', () => {
    const night = parseDailyWindow('22:00-06:00 Europe/Berlin');
    assert.ok(night !== undefined);
    for (const [utc, expected] of [
      ['2025-01-10T20:59:59Z', false],
      ['2025-01-10T21:00:00Z', true],
      ['2025-01-11T04:59:59Z', true],
      ['2025-01-11T05:00:00Z', false],
      // Summer time: an hour earlier by UTC.
      ['2025-07-10T20:00:00Z', true],
      ['2025-07-11T04:00:00Z', false],
      // The night in which 02:00 to 03:00 comes twice.
      ['2025-10-26T00:30:00Z', true],
      ['2025-10-26T01:30:00Z', true],
    ] as const) {
      assert.equal(isWithin(night, Date.parse(utc)), expected, utc);
    }
    const lunch = parseDailyWindow('12:00 - 13:30');
    assert.ok(lunch !== undefined);
    assert.ok(isWithin(lunch, Date.parse('2025-01-10T12:00:00Z')));
    assert.ok(!isWithin(lunch, Date.parse('2025-01-10T13:30:00Z')));
    assert.ok(isWithin(lunch, Date.parse('2025-01-10T11:15:00Z'), 'Europe/Berlin'));
    assert.equal(windowText(night), '22:00-06:00 Europe/Berlin');
    for (const bad of ['', '22-6', '22:00-22:00', '22:60-06:00', '22:00-06:00 Mars/Olympus', '22:00']) {
      assert.equal(parseDailyWindow(bad), undefined, bad);
    }
  });
});

describe('quantities', () => {
  it('have units', () => {
    assert.equal(parseDuration('2h'), 7_200_000);
    assert.equal(parseDuration('1h30m'), 5_400_000);
    assert.equal(parseDuration('0.5d'), 43_200_000);
    for (const bad of ['', '2', '0s', '2 hours', '400d', 'h', '-2h'])
      assert.equal(parseDuration(bad), undefined, bad);
    assert.equal(parseSize('500GB'), 500 * 2 ** 30);
    assert.equal(parseSize('1.5 tb'), 1.5 * 2 ** 40);
    for (const bad of ['', '500', '0MB', '500G', '1PB', '-1GB']) assert.equal(parseSize(bad), undefined, bad);
    assert.equal(parseMode('0640'), 0o640);
    assert.equal(parseMode('755'), 0o755);
    for (const bad of ['', '64', '888', '01777']) assert.equal(parseMode(bad), undefined, bad);
  });
});
