import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCliInProcess } from './cli-in-process.ts';
import { addPartitionAt, parquetNames, tempDirectory } from './dataset.ts';

const root = new URL('../../', import.meta.url);

/** Hours around now, so that the test can run at any time of the day. */
function openWindow(): string {
  const hour = (offset: number): string =>
    String((new Date().getUTCHours() + offset + 24) % 24).padStart(2, '0');
  return `${hour(-6)}:00-${hour(6)}:00 UTC`;
}

const examples: readonly {
  readonly name: string;
  readonly text: () => Promise<string>;
  readonly partitions: readonly string[];
}[] = [
  {
    name: 'the README',
    text: async () => {
      const readme = await readFile(new URL('README.md', root), 'utf8');
      const block = /```yaml\n(consolidation:.*?datasets:.*?)```/s.exec(readme)?.[1];
      assert.ok(block !== undefined, 'the README has an example of datasets');
      return block;
    },
    partitions: ['telemetry-data-v2/date=2025-08-15', 'events/radar/year=2025/month=08/day=15'],
  },
  {
    name: 'config/datasets.example.yaml',
    text: () => readFile(new URL('config/datasets.example.yaml', root), 'utf8'),
    partitions: [
      'telemetry-data-v2/date=2025-08-15',
      'events/radar/year=2025/month=08/day=15/hour=07',
      'claims/dt=20250815',
    ],
  },
];

for (const { name, text, partitions } of examples) {
  test(`the example of ${name} can be used as it is, with other paths`, async (t) => {
    const directory = await tempDirectory(t);
    const config = join(directory, 'example.yaml');
    await writeFile(config, (await text()).replaceAll('/insurance-megacorp', directory));
    for (const path of partitions) await addPartitionAt(join(directory, path));
    // The users and hours of the example are not those of this machine.
    const env = { EXPECTED_USER: userInfo().username, EXPECTED_MODE: '0644' };
    const args = ['--config', config, '--window', openWindow()];
    const preview = await runCliInProcess(['--all', '--dry-run', ...args], env);
    assert.equal(preview.exit, 0, preview.stderr);
    assert.equal(
      preview.stdout.match(/Would consolidate 21 files/g)?.length,
      partitions.length,
      preview.stdout,
    );
    const run = await runCliInProcess(['--date', '2025-08-15', ...args], env);
    assert.equal(run.exit, 0, run.stderr);
    for (const path of partitions) assert.equal((await parquetNames(join(directory, path))).length, 1, path);
  });
}
