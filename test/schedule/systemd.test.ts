import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../src/core/exit-codes.ts';
import { startProcess } from '../cli/cli-process.ts';
import { addPartition, parquetNames, tempDirectory } from '../cli/dataset.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = join(root, 'config/systemd');
const units = readdirSync(directory);

/** The settings of a unit, `Section.Key` to its values, with the specifiers of an instance filled in. */
function settingsOf(unit: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, string[]>();
  let section = '';
  for (const line of readFileSync(join(directory, unit), 'utf8').split('\n')) {
    if (line === '' || /^[#;]/.test(line)) continue;
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key = '', value = ''] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) section = name;
    else {
      assert.notEqual(key, '', `${unit}: ${line}`);
      const filled = value.replaceAll('%i', 'telemetry').replaceAll('%H', 'edge');
      assert.doesNotMatch(filled, /%/, `${unit}: a percent sign of no meaning in ${line}`);
      settings.set(`${section}.${key}`, [...(settings.get(`${section}.${key}`) ?? []), filled]);
    }
  }
  return settings;
}

const service = settingsOf('parquet-consolidator@.service');

test('the units name each other, and are run when the timer says', () => {
  assert.deepEqual(units.sort(), [
    'parquet-consolidator-failed@.service',
    'parquet-consolidator@.service',
    'parquet-consolidator@.timer',
  ]);
  assert.deepEqual(service.get('Unit.OnFailure'), ['parquet-consolidator-failed@telemetry.service']);
  const timer = settingsOf('parquet-consolidator@.timer');
  assert.deepEqual(timer.get('Timer.OnCalendar'), ['*-*-* 02:00:00 UTC']);
  assert.deepEqual(timer.get('Timer.Persistent'), ['true']);
});

test('it is tried again after what passes, and not after what stays', () => {
  const hopeless = [exitCodes.bug, exitCodes.usage, exitCodes.unsupportedInput, exitCodes.verificationFailed];
  assert.deepEqual(service.get('Service.RestartPreventExitStatus'), [hopeless.join(' ')]);
  assert.deepEqual(service.get('Service.Restart'), ['on-failure']);
});

test('systemd understands the units', { skip: skipWithoutSystemd() }, async (t) => {
  const copies = await tempDirectory(t);
  for (const unit of units) {
    // Where it is installed; who runs it and what mails is not on every machine.
    const text = readFileSync(join(directory, unit), 'utf8').replaceAll('/opt/parquet-consolidator/', root);
    await writeFile(join(copies, unit), text);
  }
  const verify = (...names: readonly string[]) =>
    spawnSync('systemd-analyze', ['verify', '--man=no', ...names.map((name) => join(copies, name))], {
      encoding: 'utf8',
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${copies}:` },
    });
  const instances = units.map((unit) => unit.replace('@.', '@telemetry.'));
  const { status, stderr } = verify(...instances);
  assert.deepEqual([status, complaintsIn(stderr)], [0, []]);
  // It would notice.
  const wrong = readFileSync(join(copies, 'parquet-consolidator@.service'), 'utf8').replace('Type=', 'Tpye=');
  await writeFile(join(copies, 'parquet-consolidator@.service'), wrong);
  assert.match(complaintsIn(verify('parquet-consolidator@telemetry.service').stderr).join('\n'), /Tpye/);
  const calendar = spawnSync('systemd-analyze', ['calendar', '*-*-* 02:00:00 UTC'], { encoding: 'utf8' });
  assert.equal(calendar.status, 0, calendar.stderr);
});

function complaintsIn(stderr: string): readonly string[] {
  return stderr.split('\n').filter((line) => line.includes('parquet-consolidator'));
}

test('what the service starts does the work as it stands', async (t) => {
  const basePath = await tempDirectory(t);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const partition = await addPartition(basePath, yesterday);
  const [start = ''] = service.get('Service.ExecStart') ?? [];
  const [, name, path] = /^(\w+)=(.+)$/.exec(service.get('Service.Environment')?.[0] ?? '') ?? [];
  assert.deepEqual([name, path], ['CONSOLIDATION_CONFIG', '/etc/parquet-consolidator/telemetry.yaml']);
  const config = join(basePath, 'telemetry.yaml');
  await writeFile(config, `hdfs:\n  base_path: "${basePath}"\n`);
  const [command = '', ...args] = start.replace('/opt/parquet-consolidator/', root).split(' ');
  // All that systemd gives by itself.
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', CONSOLIDATION_CONFIG: config };
  const run = await startProcess(command, args, { env: { ...env, NODE_BINARY: process.execPath }, cwd: '/' })
    .finished;
  assert.equal(run.exit, 0, run.stderr);
  assert.equal((await parquetNames(partition)).length, 1);
});

function skipWithoutSystemd(): string | false {
  return spawnSync('systemd-analyze', ['--version']).status === 0
    ? false
    : 'no systemd-analyze on this machine';
}
