import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** A directory for each source, with a name that has to be escaped in the workspace. */
const partition = '2025-08-15@eu west/date=2025-08-15';

/** The tests that know the partition by its key alone, so that they can be run on one of another layout. */
const files =
  process.env.TEST_FULL === '1'
    ? ['fold-undo', 'lock', 'fold-faults', 'double-fault', 'fault-loop']
    : ['fold-undo', 'lock'];

for (const file of files) {
  test(`a partition of another layout: ${file}`, async () => {
    const path = fileURLToPath(new URL(`${file}.test.ts`, import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', '--test', '--test-reporter=tap', path], {
      // The runner of this test must not take the other one for a part of it.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, TEST_PARTITION: partition },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    assert.equal(code, 0, output);
    assert.match(output, /# pass [1-9]/);
  });
}
