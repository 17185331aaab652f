import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { metricPrefix, metricTable } from '../../src/telemetry/metrics/metric-table.ts';
import { prometheusProgram, skipWithoutPrometheus } from '../support/prometheus-servers.ts';
import { repositoryRoot } from '../support/python-env.ts';

const rulesPath = `${repositoryRoot}/config/prometheus/parquet-consolidation.rules.yml`;
const hour = 3600;

/** When an alert fires and when it does not: series by name of metric (and labels), with their values as promtool takes them. */
interface Case {
  readonly alert: string;
  readonly firing: readonly Readonly<Record<string, string>>[];
  readonly silent: readonly Readonly<Record<string, string>>[];
  /** What to look at it after; default an hour. */
  readonly afterSeconds?: number;
}

const always = (value: string): string => `${value}x5000`;

const cases: readonly Case[] = [
  {
    alert: 'ParquetConsolidationSuccessRateLow',
    firing: [{ success_ratio: always('0.949+0') }, { success_ratio: always('0+0') }],
    silent: [
      { success_ratio: always('0.95+0') },
      { success_ratio: always('1+0') },
      { success_ratio: '_ NaN NaN' },
    ],
  },
  {
    alert: 'ParquetConsolidationSlow',
    firing: [{ partition_duration_mean_seconds: always('301+0') }],
    silent: [{ partition_duration_mean_seconds: always('300+0') }],
  },
  {
    alert: 'ParquetConsolidationPartitionSlow',
    firing: [{ partition_duration_longest_seconds: always('300.5+0') }],
    silent: [
      { partition_duration_longest_seconds: always('300+0'), last_run_duration_seconds: always('9999+0') },
    ],
  },
  {
    alert: 'ParquetConsolidationFileReductionLow',
    firing: [{ file_reduction_ratio: always('0.79+0') }],
    silent: [{ file_reduction_ratio: always('0.8+0') }],
  },
  {
    alert: 'ParquetConsolidationStorageGainLow',
    firing: [
      { storage_gain_ratio: always('0.09+0') },
      { storage_gain_ratio: always('-0.2+0'), 'info{mode="rewrite",version="1"}': always('1+0') },
    ],
    silent: [
      { storage_gain_ratio: always('0.1+0') },
      { storage_gain_ratio: always('0+0'), 'info{mode="fold",version="1"}': always('1+0') },
    ],
  },
  {
    alert: 'ParquetConsolidationNoSuccess',
    // The clock of promtool begins at 0.
    afterSeconds: 49 * hour,
    firing: [
      { last_success_timestamp_seconds: always('0+0'), last_run_timestamp_seconds: always('0+60') },
      { last_run_timestamp_seconds: always('0+0') },
    ],
    silent: [
      { last_success_timestamp_seconds: always('7200+0'), last_run_timestamp_seconds: always('7200+0') },
      {
        'last_success_timestamp_seconds{shard="0/4"}': always('0+0'),
        'last_run_timestamp_seconds{shard="0/4"}': always('0+0'),
      },
    ],
  },
  {
    alert: 'ParquetConsolidationRecoveryNeeded',
    firing: [{ recovery_needed: always('1+0') }],
    silent: [{ recovery_needed: always('0+0') }],
  },
  {
    alert: 'ParquetConsolidationVerificationFailed',
    firing: [{ verification_failures: always('2+0') }],
    silent: [{ verification_failures: always('0+0') }],
  },
  {
    alert: 'ParquetConsolidationNotTold',
    firing: [
      { 'sink_failures{sink="history"}': always('0+0'), 'sink_failures{sink="webhook"}': always('1+0') },
    ],
    silent: [{ 'sink_failures{sink="history"}': always('0+0') }],
  },
  {
    alert: 'ParquetConsolidationNoMetrics',
    afterSeconds: 2 * hour,
    firing: [{ success_ratio: always('1+0') }],
    silent: [{ last_run_timestamp_seconds: always('0+0') }],
  },
];

test('each alert fires when it should, and only then', { skip: skipWithoutPrometheus() }, async () => {
  const rules = await readRules();
  assert.deepEqual(cases.map(({ alert }) => alert).sort(), rules.map(({ alert }) => alert).sort());
  await promtool([
    ...cases.flatMap((one) => [
      ...one.firing.map((given) => unit(one, given, 1)),
      ...one.silent.map((given) => unit(one, given, 0)),
    ]),
  ]);
  const [first] = cases;
  assert.ok(first !== undefined);
  await assert.rejects(
    promtool([unit(first, { success_ratio: always('1+0') }, 1)]),
    /FAILED/,
    'promtool does test',
  );
});

test('each alert has a summary, what it means and what to type, and is about metrics there are', async () => {
  const names = new Set(metricTable.map(({ name }) => metricPrefix + name));
  for (const { alert, expr, labels, annotations } of await readRules()) {
    assert.match(labels.severity ?? '', /^(warning|critical)$/, alert);
    for (const name of ['summary', 'description', 'runbook'])
      assert.ok((annotations[name] ?? '').length > 20, `${alert}: ${name}`);
    const used = expr.match(/parquet_consolidation_\w+/g) ?? [];
    assert.ok(used.length > 0, alert);
    for (const name of used) assert.ok(names.has(name), `${alert}: ${name}`);
  }
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

async function readRules(): Promise<readonly Rule[]> {
  const file: { groups: { rules: Rule[] }[] } = parse(await readFile(rulesPath, 'utf8'));
  return file.groups.flatMap(({ rules }) => rules);
}

/** One test of promtool: after some time the alert fires `count` times. */
function unit(
  { alert, afterSeconds = hour }: Case,
  given: Readonly<Record<string, string>>,
  count: number,
): unknown {
  const time = `${afterSeconds}s`;
  const expr = `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`;
  return {
    name: `${alert} ${JSON.stringify(given)}`,
    interval: '1m',
    input_series: Object.entries(given).map(([metric, values]) => {
      const [name = '', more = ''] = metric.split('{');
      const labels = `job="parquet_consolidation",dataset="hdfs://nn:8020/data"${more === '' ? '}' : `,${more}`}`;
      return { series: `${metricPrefix}${name}{${labels}`, values };
    }),
    promql_expr_test: [{ expr, eval_time: time, exp_samples: [{ labels: '{}', value: count }] }],
  };
}

async function promtool(tests: readonly unknown[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'promtool-'));
  try {
    const path = join(directory, 'test.yml');
    const file = { rule_files: [rulesPath], evaluation_interval: '1m', tests };
    await writeFile(path, JSON.stringify(file));
    const { stdout } = await promisify(execFile)(prometheusProgram('promtool'), [
      'test',
      'rules',
      path,
    ]).catch((error: { stdout?: string; stderr?: string }) => {
      throw new Error(`${error.stdout ?? ''}${error.stderr ?? String(error)}`);
    });
    assert.match(stdout, /SUCCESS/);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
