import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadSettings } from '../../src/config/load-settings.ts';
import { settingTable } from '../../src/config/setting-table.ts';
import { exitCodes } from '../../src/core/exit-codes.ts';
import { jsonOf, startProcess } from '../cli/cli-process.ts';
import { addPartition, tempDirectory } from '../cli/dataset.ts';
import { kubernetesPythonPath } from '../support/python-env.ts';
import { type Manifest, rendered, skipWithoutKustomize } from './kustomize.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const validator = fileURLToPath(new URL('./validate.py', import.meta.url));
/** podFailurePolicy is there from 1.26 on, timeZone from 1.27 on. */
const versions = ['1.29', '1.33', '1.37'];

interface PodSpec {
  readonly restartPolicy: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly {
    readonly name: string;
    readonly args: readonly string[];
    readonly env: readonly { readonly name: string; readonly value?: string }[];
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly resources: { readonly limits: Readonly<Record<string, string>> };
    readonly volumeMounts: readonly {
      readonly name: string;
      readonly mountPath: string;
      readonly readOnly?: boolean;
    }[];
  }[];
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
}

interface CronJob {
  readonly spec: {
    readonly timeZone: string;
    readonly concurrencyPolicy: string;
    readonly startingDeadlineSeconds: number;
    readonly jobTemplate: {
      readonly spec: {
        readonly activeDeadlineSeconds: number;
        readonly backoffLimit: number;
        readonly podFailurePolicy: {
          readonly rules: readonly {
            readonly action: string;
            readonly onExitCodes?: { readonly operator: string; readonly values: readonly number[] };
          }[];
        };
        readonly template: { readonly spec: PodSpec };
      };
    };
  };
}

const cronJobText = readFileSync(join(root, 'k8s/base/cronjob.yaml'), 'utf8');
const cronJob: CronJob = parse(cronJobText);
const job = cronJob.spec.jobTemplate.spec;
const pod = job.template.spec;
const [container] = pod.containers;
assert.ok(container !== undefined);

function problemsOf(yaml: string): readonly string[] {
  const python = kubernetesPythonPath();
  assert.ok(python !== undefined, 'the schemas of Kubernetes are not installed: npm run pretest');
  const { status, stdout, stderr } = spawnSync(python, [validator, ...versions], {
    input: yaml,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const needsSchemas = {
  skip:
    process.env.CI === 'true' || kubernetesPythonPath() !== undefined
      ? false
      : 'no schemas of Kubernetes: run `npm run pretest` where python3 with venv is installed',
};
const needsBoth = { skip: needsSchemas.skip === false ? skipWithoutKustomize() : needsSchemas.skip };

test('every manifest that kustomize makes holds against the schemas of the Kubernetes API', needsBoth, () => {
  for (const folder of ['k8s/base', 'k8s/overlays/example']) {
    const { text, manifests } = rendered(join(root, folder));
    assert.deepEqual(manifests.map(({ kind }) => kind).sort(), ['ConfigMap', 'CronJob'], folder);
    assert.deepEqual(problemsOf(text), [], folder);
  }
});

test('the schemas notice a field that is misspelt, missing or of another type', needsSchemas, () => {
  assert.deepEqual(problemsOf(cronJobText), []);
  for (const [right, wrong] of [
    ['concurrencyPolicy:', 'concurencyPolicy:'],
    ['backoffLimit: 6', 'backoffLimit: "6"'],
    ['onExitCodes:', 'onExitCode:'],
    ['  schedule: "0 2 * * *"\n', ''],
    ['runAsNonRoot: true', 'runAsNonRoot: "yes"'],
  ] as const) {
    assert.ok(cronJobText.includes(right), right);
    const problems = problemsOf(cronJobText.replace(right, wrong));
    assert.equal(problems.length, versions.length, `${wrong}: ${problems}`);
  }
});

test('every component adds its volume, mount and environment, also all together', needsBoth, async (t) => {
  const folder = await tempDirectory(t);
  const kustomization = (components: readonly string[]): string =>
    [
      'apiVersion: kustomize.config.k8s.io/v1beta1',
      'kind: Kustomization',
      'resources: [base]',
      `components: [${components.map((name) => `components/${name}`).join(', ')}]`,
    ].join('\n');
  // kustomize takes nothing from outside of the folder it is given.
  cpSync(join(root, 'k8s'), folder, { recursive: true });
  const mounting = ['hadoop-conf', 'kerberos', 'tls-ca'];
  assert.deepEqual(
    readdirSync(join(root, 'k8s/components')).sort(),
    ['backfill', ...mounting, 'prometheus-rule'].sort(),
  );
  for (const components of [...mounting.map((name) => [name]), mounting, ['backfill', ...mounting]]) {
    await writeFile(join(folder, 'kustomization.yaml'), kustomization(components));
    const { text, manifests } = rendered(folder);
    assert.deepEqual(problemsOf(text), []);
    const spec = podOf(manifests);
    const volumes = spec.volumes.map(({ name }) => String(name));
    const mounts = spec.containers[0]?.volumeMounts ?? [];
    assert.deepEqual(mounts.map(({ name }) => name).sort(), volumes.sort());
    assert.equal(volumes.length, 2 + components.filter((name) => name !== 'backfill').length);
    assert.ok(mounts.every(({ name, readOnly }) => readOnly === true || name === 'tmp'));
    if (!components.includes('backfill')) continue;
    // The backfill gets all that the CronJob gets.
    const found: unknown = manifests.find(({ kind }) => kind === 'Job');
    const other = (found as BackfillJob).spec.template.spec;
    assert.deepEqual(other.volumes, spec.volumes);
    assert.deepEqual(other.containers[0]?.env, spec.containers[0]?.env);
    assert.deepEqual(other.containers[0]?.volumeMounts, spec.containers[0]?.volumeMounts);
  }
  await writeFile(join(folder, 'kustomization.yaml'), kustomization(['prometheus-rule']));
  assert.ok(rendered(folder).manifests.some(({ kind }) => kind === 'PrometheusRule'));
});

function podOf(manifests: readonly Manifest[]): PodSpec {
  const found: unknown = manifests.find(({ kind }) => kind === 'CronJob');
  return (found as CronJob).spec.jobTemplate.spec.template.spec;
}

interface BackfillJob {
  readonly spec: {
    readonly completionMode: string;
    readonly completions: number;
    readonly parallelism: number;
    readonly podFailurePolicy: CronJob['spec']['jobTemplate']['spec']['podFailurePolicy'];
    readonly template: { readonly spec: PodSpec };
  };
}

const backfill: BackfillJob = parse(readFileSync(join(root, 'k8s/components/backfill/job.yaml'), 'utf8'));

test('the pods of a backfill are those of the CronJob, but for what they are told to do', () => {
  const { template, podFailurePolicy, completionMode } = backfill.spec;
  const withoutArgs = ({ containers, ...spec }: PodSpec) => ({
    ...spec,
    containers: containers.map(({ args: _, ...rest }) => rest),
  });
  assert.deepEqual(withoutArgs(template.spec), withoutArgs(pod));
  assert.equal(completionMode, 'Indexed');
  const [, failed] = podFailurePolicy.rules;
  assert.equal(failed?.action, 'FailIndex');
  assert.deepEqual(failed?.onExitCodes, job.podFailurePolicy.rules[1]?.onExitCodes);
});

test('the arguments of a backfill, as they stand in the manifest, share all partitions out', async (t) => {
  const { completions, parallelism, template } = backfill.spec;
  assert.equal(completions, parallelism);
  const basePath = await tempDirectory(t);
  const days = [
    '2022-12-31',
    '2023-01-01',
    '2024-02-29',
    '2025-01-01',
    '2025-08-14',
    '2025-08-15',
    '2025-08-16',
  ];
  for (const day of days) await addPartition(basePath, day);
  const args = template.spec.containers[0]?.args ?? [];
  const done: string[] = [];
  for (let index = 0; index < completions; index++) {
    const run = await startProcess(
      join(root, 'scripts/consolidate_telemetry.sh'),
      args.map((arg) => arg.replace('$(JOB_COMPLETION_INDEX)', String(index))),
      { env: { HDFS_BASE_PATH: basePath, NODE_BINARY: process.execPath }, cwd: '/' },
    ).finished;
    assert.equal(run.exit, 0, run.stderr);
    const { partitions } = jsonOf(run) as { partitions: { date: string; result: string }[] };
    done.push(...partitions.filter(({ result }) => result === 'consolidated').map(({ date }) => date));
  }
  assert.deepEqual(done.sort(), days.slice(1, -1));
});

test('the alert rules for the Prometheus Operator are those for Prometheus', () => {
  const made = spawnSync(process.execPath, [join(root, 'scripts/prometheus-rule.mjs'), '--print'], {
    encoding: 'utf8',
  });
  const ruleText = readFileSync(join(root, 'k8s/components/prometheus-rule/rule.yaml'), 'utf8');
  assert.equal(ruleText, made.stdout, 'make it anew: node scripts/prometheus-rule.mjs');
  const { spec, kind, apiVersion } = parse(ruleText);
  assert.deepEqual([kind, apiVersion], ['PrometheusRule', 'monitoring.coreos.com/v1']);
  const rules = parse(readFileSync(join(root, 'config/prometheus/parquet-consolidation.rules.yml'), 'utf8'));
  assert.deepEqual(spec, rules);
  assert.ok(spec.groups[0].rules.length > 3);
});

test('every variable the manifests set is one the program or Kerberos knows', () => {
  const known = new Set<string>([
    ...Object.values(settingTable).map(({ env }) => env),
    'CONSOLIDATION_CONFIG',
    'KRB5_CONFIG',
  ]);
  const texts = [cronJobText];
  for (const name of readdirSync(join(root, 'k8s/components')))
    texts.push(readFileSync(join(root, 'k8s/components', name, 'kustomization.yaml'), 'utf8'));
  const names = texts.flatMap((text) => [
    ...text.matchAll(/^ *- ?name: ([A-Z][A-Z0-9_]+)$|^ *name: ([A-Z][A-Z0-9_]+)$/gm),
  ]);
  assert.ok(names.length >= 6);
  for (const match of names) assert.ok(known.has(match[1] ?? match[2] ?? ''), match[0]);
});

test('the arguments, as they stand in the manifest, consolidate yesterday', async (t) => {
  const basePath = await tempDirectory(t);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  await addPartition(basePath, yesterday);
  const shipped = parse(readFileSync(join(root, 'k8s/base/consolidation.yaml'), 'utf8'));
  const mounted = join(basePath, 'mounted');
  await mkdir(mounted);
  const config = { ...shipped, hdfs: { base_path: basePath } };
  await writeFile(join(mounted, 'consolidation.yaml'), JSON.stringify(config));
  const env = Object.fromEntries(container.env.map(({ name, value = '' }) => [name, value]));
  assert.equal(env.CONSOLIDATION_CONFIG, '/etc/parquet-consolidator/consolidation.yaml');
  const run = await startProcess(join(root, 'scripts/consolidate_telemetry.sh'), container.args, {
    env: { ...env, CONSOLIDATION_CONFIG: join(mounted, 'consolidation.yaml'), NODE_BINARY: process.execPath },
    cwd: '/',
  }).finished;
  assert.equal(run.exit, 0, run.stderr);
  const { partitions } = jsonOf(run) as {
    partitions: { date: string; result: string; filesAfter: number }[];
  };
  assert.deepEqual(
    partitions.map(({ date, result, filesAfter }) => [date, result, filesAfter]),
    [[yesterday, 'consolidated', 1]],
  );
  const records = run.stderr
    .trim()
    .split('\n')
    .map((line): { partition: string } => JSON.parse(line));
  assert.ok(records.some(({ partition }) => partition === yesterday));
});

test('retries go by exit code: what the next try would find again is not tried again', () => {
  const [ignored, failed, ...others] = job.podFailurePolicy.rules;
  assert.deepEqual([ignored?.action, failed?.action, others], ['Ignore', 'FailJob', []]);
  const hopeless = [exitCodes.bug, exitCodes.usage, exitCodes.unsupportedInput, exitCodes.verificationFailed];
  assert.deepEqual(failed?.onExitCodes?.values, hopeless);
  assert.equal(pod.restartPolicy, 'Never');
  // The pauses between the tries, 10 s doubled each time, outlast a dead lock (10 minutes).
  const pausesSeconds = Array.from({ length: job.backoffLimit }, (_, index) => 10 * 2 ** index);
  assert.ok(pausesSeconds.reduce((sum, seconds) => sum + seconds, 0) > 600);
});

test('never two at once, never as root, nothing writable but /tmp', () => {
  const { spec } = cronJob;
  assert.deepEqual([spec.concurrencyPolicy, spec.timeZone], ['Forbid', 'Etc/UTC']);
  assert.ok(container.args.join(' ').includes('--time-zone UTC'));
  assert.ok(spec.startingDeadlineSeconds > 600 && job.activeDeadlineSeconds < 86_400);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.notEqual(pod.securityContext.runAsUser, 0);
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const writable = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
  assert.deepEqual(
    writable.map(({ mountPath }) => mountPath),
    ['/tmp'],
  );
});

test('the configurations of the ConfigMaps are valid, and leave memory to the container', async () => {
  for (const folder of ['base', 'overlays/example']) {
    const configPath = join(root, 'k8s', folder, 'consolidation.yaml');
    const settings = await loadSettings({ flags: {}, env: {}, configPath });
    assert.equal(settings.base.kind, 'hdfs', folder);
    assert.equal(settings.consolidation.tempDirectory, '/tmp', folder);
    const limit: string | undefined = container.resources.limits.memory;
    assert.equal(limit, '1Gi');
    assert.ok((settings.consolidation.memoryBytes ?? 0) <= 0.75 * 2 ** 30, folder);
  }
});
