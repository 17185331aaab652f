import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadSettings } from '../../src/config/load-settings.ts';
import { runAfterSwap } from '../../src/telemetry/hooks/after-swap.ts';
import { tempDirectory } from '../cli/dataset.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The hooks that README and configuration file show. */
function templates(): readonly string[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```yaml\n(hooks:\n[\s\S]+?)^```$/gm)].map((match) => match[1] ?? '');
  const shipped = readFileSync(join(root, 'config/consolidation.yaml'), 'utf8');
  const commented =
    /^ {2}# after_swap_command: \|\n(?: {2}# .+\n)+?(?= {2}# [A-Z])/m.exec(shipped)?.[0] ?? '';
  return [...blocks, `hooks:\n${commented.replaceAll(/^ {2}# /gm, '  ')}`];
}

test('the templates for Impala and Hive say what they are to say, as they stand', async (t) => {
  const directory = await tempDirectory(t);
  const seen = join(directory, 'seen');
  for (const program of ['impala-shell', 'beeline']) {
    const path = join(directory, program);
    await writeFile(path, `#!/bin/sh\nprintf '%s\\n' "$0" "$@" | sed 's|.*/||' >>'${seen}'\n`);
    await chmod(path, 0o755);
  }
  const yaml = join(directory, 'consolidation.yaml');
  for (const template of templates()) {
    await writeFile(
      yaml,
      `${JSON.stringify({ hdfs: { base_path: '/data' } }).slice(0, -1)}, "hooks": ${JSON.stringify(parse(template).hooks)}}`,
    );
    const { notify } = await loadSettings({ flags: {}, env: {}, configPath: yaml });
    const swapped = {
      kind: 'consolidate',
      date: '2025-08-15',
      dataset: '/data',
      partition: '/data/date=2025-08-15',
    } as const;
    const { problems } = await runAfterSwap(notify.afterSwap, swapped, {
      PATH: `${directory}:${process.env.PATH}`,
    });
    assert.deepEqual(problems, []);
  }
  const refresh = [
    'impala-shell',
    '--quiet',
    '-i',
    'impalad.example.com',
    '-q',
    "REFRESH lake.telemetry PARTITION (`date`='2025-08-15')",
  ];
  assert.deepEqual((await readFile(seen, 'utf8')).trim().split('\n'), [
    ...refresh,
    'beeline',
    '-u',
    'lake',
    '--silent=true',
    '-e',
    "MSCK REPAIR TABLE telemetry; ANALYZE TABLE telemetry PARTITION (`date`='2025-08-15') COMPUTE STATISTICS",
    ...refresh,
  ]);
});
