import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { metricPrefix, metricTable } from '../../src/telemetry/metrics/metric-table.ts';
import { runCliInProcess } from '../cli/cli-in-process.ts';
import { addPartition, tempDirectory } from '../cli/dataset.ts';
import {
  type HttpServer,
  skipWithoutPrometheus,
  startPrometheus,
  startPushgateway,
} from '../support/prometheus-servers.ts';
import { repositoryRoot } from '../support/python-env.ts';
import { eventually } from '../support/server-process.ts';
import { damagedPartition } from './damaged-partition.ts';

interface Target {
  readonly expr: string;
  readonly instant: boolean;
  readonly datasource: unknown;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly targets?: readonly Target[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[];
  };
}

const text = await readFile(`${repositoryRoot}/config/grafana/parquet-consolidation.json`, 'utf8');
const dashboard: Dashboard = JSON.parse(text);
const charts = dashboard.panels.filter(({ type }) => type !== 'row');
const variable = 'datasource';
const datasource = { type: 'prometheus', uid: `\${${variable}}` };

test('the dashboard can be provisioned as it is: no id of a server, its data source is a variable', () => {
  assert.ok(!('id' in dashboard) && !('__inputs' in dashboard));
  assert.ok(dashboard.schemaVersion >= 39);
  const variables = Object.fromEntries(dashboard.templating.list.map(({ name, type }) => [name, type]));
  assert.deepEqual(variables, { datasource: 'datasource', dataset: 'query', step: 'constant' });
  for (const { title, datasource: own, targets = [], description = '' } of charts) {
    assert.deepEqual(own, datasource, title);
    assert.ok(targets.length > 0, title);
    for (const target of targets) assert.deepEqual(target.datasource, datasource, title);
    assert.ok(description.length > 5, `${title} says what it shows`);
  }
  const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(rows, ['Did last night work?', 'What did it save?', 'What needs me?', 'How fast?']);
});

test('its panels do not overlap, and have numbers of their own', () => {
  const cells = new Set<string>();
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, title);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(!cells.has(`${x},${y}`), `${title} lies on another panel`);
        cells.add(`${x},${y}`);
      }
    }
  }
  assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
});

test('every metric is shown or alerted on, and no other is asked for', () => {
  const known = new Set(metricTable.map(({ name }) => metricPrefix + name));
  const shown = new Set(text.match(/parquet_consolidation_\w+/g) ?? []);
  for (const name of shown) assert.ok(known.has(name), name);
  for (const name of known) assert.ok(shown.has(name), `${name} is on no panel`);
});

test('the README has every metric', async () => {
  const readme = await readFile(`${repositoryRoot}/README.md`, 'utf8');
  for (const { name, labels } of metricTable) {
    const shown = labels.length === 0 ? name : `${name}{${labels.join(',')}}`;
    assert.ok(readme.includes(`\`${shown}\``), shown);
  }
});

describe('with runs that a Prometheus scraped', { skip: skipWithoutPrometheus() }, () => {
  let gateway: HttpServer;
  let prometheus: HttpServer;

  before(async () => {
    gateway = await startPushgateway();
    prometheus = await startPrometheus(
      [new URL(gateway.url).host],
      `${repositoryRoot}/config/prometheus/parquet-consolidation.rules.yml`,
    );
  });
  after(async () => {
    await prometheus?.stop();
    await gateway?.stop();
  });

  test('every panel has data, the sums count every run once, and the alerts of what went wrong fire', async (t) => {
    const good = await tempDirectory(t);
    const bad = await tempDirectory(t);
    const runOn = async (basePath: string, day: string): Promise<string | number> => {
      const env = { QUIET_MINUTES: '0', PUSHGATEWAY_URL: gateway.url };
      const run = await runCliInProcess(['--date', day, '--base-path', basePath], env);
      const latest = `parquet_consolidation_last_run_timestamp_seconds{dataset="${basePath}"} > ${Date.now() / 1000 - 30}`;
      await eventually(
        async () => ((await query(latest)).length > 0 ? true : undefined),
        'the run is scraped',
      );
      // Runs that are not further apart than $step are not told apart.
      await sleep(2 * stepMs);
      return run.exit;
    };
    for (const day of ['2025-08-15', '2025-08-16']) {
      await addPartition(good, day);
      assert.equal(await runOn(good, day), 0);
    }
    assert.equal(await runOn(bad, await damagedPartition(bad)), 12);

    for (const { title, targets = [] } of charts) {
      for (const { expr, instant } of targets) {
        const look = async (): Promise<readonly Sample[] | undefined> => {
          const found = instant ? await query(expanded(expr)) : await queryRange(expanded(expr));
          return found.length === 0 ? undefined : found;
        };
        await eventually(look, `${title}: ${expr}`, 30_000);
      }
    }
    const panelValue = async (title: string): Promise<number> => {
      const panel = charts.find((one) => one.title === title);
      const [sample] = await query(expanded(panel?.targets?.[0]?.expr ?? ''));
      return Number(sample?.value[1]);
    };
    assert.equal(await panelValue('Files merged in the time shown'), 42);
    assert.equal(await panelValue('NameNode objects freed in the time shown'), 40);
    assert.ok((await panelValue('Bytes saved in the time shown')) > 0);

    const expected = ['ParquetConsolidationNoSuccess', 'ParquetConsolidationSuccessRateLow'];
    const firing = await eventually(async () => {
      const alerts = await firingAlerts();
      return alerts.length >= expected.length ? alerts : undefined;
    }, 'the alerts fire');
    assert.deepEqual(firing.map(({ labels }) => labels.alertname).sort(), expected);
    for (const { labels, annotations } of firing) {
      assert.equal(labels.dataset, bad);
      const all = Object.values(annotations).join('\n');
      assert.ok(all.includes(bad), all);
      assert.doesNotMatch(all, /error expanding|<no value>|\{\{/);
    }
  });

  const stepMs = 2000;

  /** What Grafana makes of the variables. */
  function expanded(expr: string): string {
    return expr
      .replaceAll('$__range', '10m')
      .replaceAll('$step', `${stepMs / 1000}s`)
      .replaceAll('$dataset', '.*');
  }

  interface Sample {
    readonly metric: Readonly<Record<string, string>>;
    readonly value: readonly [number, string];
  }

  interface Alert {
    readonly state: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }

  async function ask<T>(path: string): Promise<T> {
    const response = await fetch(`${prometheus.url}${path}`);
    const answer: { status: string; data: T; error?: string } = JSON.parse(await response.text());
    assert.equal(answer.status, 'success', `${path}: ${answer.error}`);
    return answer.data;
  }

  async function query(expr: string): Promise<readonly Sample[]> {
    const { result } = await ask<{ result: readonly Sample[] }>(
      `/api/v1/query?query=${encodeURIComponent(expr)}`,
    );
    return result;
  }

  async function queryRange(expr: string): Promise<readonly Sample[]> {
    const end = Date.now() / 1000;
    const parameters = `start=${end - 120}&end=${end}&step=1&query=${encodeURIComponent(expr)}`;
    const { result } = await ask<{ result: readonly Sample[] }>(`/api/v1/query_range?${parameters}`);
    return result;
  }

  async function firingAlerts(): Promise<readonly Alert[]> {
    const { alerts } = await ask<{ alerts: readonly Alert[] }>('/api/v1/alerts');
    return alerts.filter(({ state }) => state === 'firing');
  }
});
