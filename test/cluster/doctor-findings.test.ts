import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bad, type Check, type CheckResult, good, note } from '../../src/cli/doctor/check.ts';
import { clockFinding } from '../../src/cli/doctor/connection-checks.ts';
import { hadoopFinding } from '../../src/cli/doctor/hadoop-versions.ts';
import { memoryFinding, programFinding } from '../../src/cli/doctor/machine-checks.ts';
import { quotasFinding } from '../../src/cli/doctor/place-checks.ts';
import { runChecks } from '../../src/cli/doctor/run-checks.ts';
import { conclusionText, resultWriter } from '../../src/cli/output/doctor-text.ts';
import { plainStyle } from '../../src/cli/output/style.ts';
import { StoreError } from '../../src/core/errors.ts';
import { exitCodes } from '../../src/core/exit-codes.ts';

const mib = 1024 * 1024;

test('what is not tried names what went wrong first, and the first bad finding gives the exit code', async () => {
  const told: CheckResult[] = [];
  const checks: readonly Check[] = [
    { group: 'A', name: 'one', run: async () => good('fine') },
    { group: 'A', name: 'two', needs: ['one'], run: async () => bad('broken', 'mend it', exitCodes.usage) },
    { group: 'A', name: 'does not apply', run: async () => undefined },
    { group: 'B', name: 'three', needs: ['two'], run: () => Promise.reject(new Error('must not be tried')) },
    { group: 'B', name: 'four', needs: ['three'], run: () => Promise.reject(new Error('must not be tried')) },
    {
      group: 'B',
      name: 'five',
      needs: ['one', 'does not apply'],
      run: () => Promise.reject(new StoreError('cannot', { code: 'x', op: 'stat', path: '/', hint: 'do' })),
    },
  ];
  const { results, exitCode } = await runChecks(checks, (result) => told.push(result));
  assert.deepEqual(told, results);
  assert.equal(exitCode, exitCodes.usage);
  assert.deepEqual(
    results.map(({ name, verdict, detail, hint }) => [name, verdict, detail, hint]),
    [
      ['one', 'good', 'fine', undefined],
      ['two', 'bad', 'broken', 'mend it'],
      ['three', 'not-tried', 'not tried, because of: two', undefined],
      ['four', 'not-tried', 'not tried, because of: two', undefined],
      ['five', 'bad', 'cannot', 'do'],
    ],
  );
  const warned = await runChecks([{ group: 'A', name: 'n', run: async () => note('so it is') }], () => {});
  assert.equal(warned.exitCode, exitCodes.ok);
});

test('lines are grouped, aligned and wrapped, and what was not tried for one reason takes one', () => {
  let text = '';
  const writer = resultWriter({ style: plainStyle, nameColumns: 9, columns: 60 }, (part) => {
    text += part;
  });
  const results: readonly CheckResult[] = [
    { group: 'One', name: 'a', verdict: 'good', detail: 'fine' },
    { group: 'One', name: 'b', verdict: 'bad', detail: `${'word '.repeat(12)}end`, hint: 'mend it' },
    { group: 'Two', name: 'c', verdict: 'not-tried', detail: 'not tried, because of: b' },
    { group: 'Two', name: 'd', verdict: 'not-tried', detail: 'not tried, because of: b' },
    { group: 'Three', name: 'e', verdict: 'warning', detail: 'odd \u001b[31m' },
    { group: 'Three', name: 'f', verdict: 'not-tried', detail: 'not tried, because of: b' },
  ];
  for (const result of results) writer.tell(result);
  writer.end();
  assert.equal(
    text,
    `
One
  ✓ a          fine
  ✗ b          word word word word word word word word word
               word word word end
               next: mend it

Two
  – not tried  c, d; because of: b

Three
  ! e          odd \uFFFD[31m
  – f          not tried, because of: b
`,
  );
  assert.equal(
    conclusionText(results, plainStyle),
    '\nA run would not work: 1 problem, 1 warning, 3 checks not tried.\n',
  );
  assert.equal(conclusionText(results.slice(0, 1), plainStyle), '\nA run would work.\n');
});

test('Node.js, memory, clocks and versions of Hadoop are judged by their figures', () => {
  assert.equal(programFinding('1.0.0', '20.19.0').verdict, 'good');
  assert.equal(programFinding('1.0.0', '24.1.0').verdict, 'good');
  for (const old of ['20.18.3', '18.20.0']) {
    const { verdict, exitCode } = programFinding('1.0.0', old);
    assert.deepEqual([verdict, exitCode], ['bad', exitCodes.usage]);
  }
  assert.equal(memoryFinding(128 * mib).verdict, 'bad');
  assert.equal(memoryFinding(400 * mib).verdict, 'warning');
  assert.equal(memoryFinding(400 * mib, 300 * mib).verdict, 'good');
  assert.equal(clockFinding(-1_500).verdict, 'good');
  assert.match(clockFinding(30_000).detail, /30\.0 s ahead of ours/);
  assert.equal(clockFinding(30_000).verdict, 'good');
  assert.equal(clockFinding(-400_000).verdict, 'warning');
  assert.match(clockFinding(-400_000).detail, /behind ours/);
  for (const version of ['3.4.2', '3.3.6', '2.10.2']) assert.equal(hadoopFinding(version).verdict, 'good');
  assert.equal(hadoopFinding('3.1.4').verdict, 'note');
  assert.equal(hadoopFinding('2.6.0').verdict, 'warning');
  assert.match(hadoopFinding(undefined).detail, /does not tell/);
});

test('quotas are told with what is free, and one that leaves no room for a block is bad', () => {
  const names = { path: '/q', of: 'names', limit: 1_000, used: 100 };
  const space = { path: '/q', of: 'space', limit: 10 * 1024 * mib, used: 1024 * mib };
  assert.deepEqual(quotasFinding({ quotas: [], notAsked: [] }), good('none'));
  assert.match(quotasFinding({ quotas: [], notAsked: ['/big'] }).detail, /^none; not known of \/big$/);
  const roomy = quotasFinding({ quotas: [names, space], notAsked: [] });
  assert.deepEqual(roomy, good('/q: 900 of 1,000 names free; /q: 9.0G of 10G space free'));
  assert.equal(quotasFinding({ quotas: [{ ...names, used: 950 }], notAsked: [] }).verdict, 'warning');
  assert.equal(quotasFinding({ quotas: [{ ...names, used: 990 }], notAsked: [] }).verdict, 'bad');
  const onSsd = { ...space, of: 'SSD', used: space.limit };
  const full = quotasFinding({ quotas: [onSsd], notAsked: [] });
  assert.equal(full.verdict, 'bad');
  assert.match(full.detail, /0 of 10G on SSD free/);
});
