import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pythonPath, skipWithoutPython } from '../support/python-env.ts';
import { startProcess } from './cli-process.ts';
import { addPartition, date, demoDataset, tempDirectory } from './dataset.ts';

const inTerminal = fileURLToPath(new URL('./run_in_terminal.py', import.meta.url));
const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const esc = String.fromCharCode(27);

interface Seen {
  readonly exit: number;
  /** Every byte that came to the terminal, as text. */
  readonly seen: string;
  /** What stands on the screen in the end, without colours. */
  readonly screen: string;
}

/** Runs the program with stderr, and unless `stdoutPath` is given stdout, on a terminal. */
async function onTerminal(
  args: readonly string[],
  env: Record<string, string> = {},
  stdoutPath = '-',
): Promise<Seen> {
  const python = pythonPath();
  assert.ok(python !== undefined);
  const command = [process.execPath, '--import', 'tsx', main, ...args];
  const run = await startProcess(python, [inTerminal, stdoutPath, ...command], {
    env: { TERM: 'xterm-256color', ...env },
  }).finished;
  const { exit, seen }: { exit: number; seen: string } = JSON.parse(run.stdout);
  return { exit, seen, screen: screenOf(seen) };
}

/** What a terminal shows after these bytes: carriage return goes to the start of the line, `ESC [ K` wipes what is behind. */
function screenOf(seen: string): string {
  const lines: string[] = [''];
  let column = 0;
  const plain = seen.replaceAll(new RegExp(`${esc}\\[[0-9;]*m`, 'g'), '');
  for (let at = 0; at < plain.length; at++) {
    const last = lines.length - 1;
    const line = lines[last] ?? '';
    const char = plain[at] ?? '';
    if (char === '\n') lines.push('');
    else if (char === '\r') column = 0;
    else if (plain.startsWith(`${esc}[K`, at)) {
      lines[last] = line.slice(0, column);
      at += 2;
    } else {
      assert.notEqual(char, esc, 'no other control sequence');
      lines[last] = line.slice(0, column) + char + line.slice(column + 1);
      column++;
    }
    if (char === '\n') column = 0;
  }
  return lines.join('\n');
}

const options = { skip: skipWithoutPython() };

async function dataset(t: TestContext): Promise<readonly string[]> {
  const { basePath } = await demoDataset(t);
  await addPartition(basePath, '2025-08-14', 10);
  return ['--base-path', basePath];
}

test('on a terminal: a bar for each phase, and in the end nothing but the summary', options, async (t) => {
  const flags = await dataset(t);
  const { exit, seen, screen } = await onTerminal(['--date', date, '--days-back', '1', ...flags]);
  assert.equal(exit, 0, seen);
  // Where planning is over before it is shown a second time, there is nothing a bar could tell.
  assert.match(seen, new RegExp(`\\r${esc}\\[K {2}2025-08-14 planning […█▏▎▍▌▋▊▉░]`));
  for (const phase of ['merging', 'verifying']) {
    assert.match(
      seen,
      new RegExp(`\\r${esc}\\[K {2}2025-08-14 ${phase} [█▏▎▍▌▋▊▉░]{20} \\d+ % \\S+ of \\S+`),
      phase,
    );
  }
  assert.match(seen, new RegExp(`\\r${esc}\\[K {2}2025-08-14 swapping …`));
  assert.ok(seen.split('\n').every((line) => line.split('\r').every((part) => [...part].length < 400)));
  assert.doesNotMatch(screen, /planning|merging|verifying|swapping|[█░]/);
  assert.match(
    screen,
    /^🚀 Insurance.+\n=+\n\n {2}date +result .+\n {2}2025-08-14 {2}consolidated {2}210 → 1 /,
  );
  assert.match(screen, /\n2 partitions of 2 consolidated: 231 files into 2.+\nUndo one of them: .+\n$/);
});

test(
  'with stdout elsewhere, the terminal is left empty and stdout has the data alone',
  options,
  async (t) => {
    const flags = await dataset(t);
    const stdoutPath = join(await tempDirectory(t), 'stdout');
    const { exit, seen, screen } = await onTerminal(
      ['--date', '2025-08-14', '--output', 'json', ...flags],
      {},
      stdoutPath,
    );
    assert.equal(exit, 0, seen);
    assert.match(seen, /merging/);
    assert.equal(screen, '');
    const lines = readFileSync(stdoutPath, 'utf8').split('\n');
    assert.equal(lines.length, 2);
    assert.equal(JSON.parse(lines[0] ?? '').exitCode, 0);
  },
);

test('messages and progress do not mix, and NO_COLOR keeps colours away', options, async (t) => {
  const flags = await dataset(t);
  const { exit, seen, screen } = await onTerminal(['--date', '2025-08-14', '--verbose', ...flags], {
    NO_COLOR: '1',
  });
  assert.equal(exit, 0, seen);
  assert.doesNotMatch(seen, new RegExp(`${esc}\\[[0-9;]*m`));
  assert.match(
    screen,
    /^info: {2}2025-08-14: plan: [^\n]+\ninfo: {2}2025-08-14: run [^\n]+\ninfo: {2}2025-08-14: merged [^\n]+\n/m,
  );
  assert.doesNotMatch(screen, /[░█]/);
  const dumb = await onTerminal(['scan', ...flags], { TERM: 'dumb' });
  assert.doesNotMatch(dumb.seen, new RegExp(`${esc}\\[K`));
});

test('a scan has one bar over all partitions', options, async (t) => {
  const flags = await dataset(t);
  const { seen, screen } = await onTerminal(['scan', ...flags]);
  assert.match(seen, /2025-08-1\d scanning [█▏▎▍▌▋▊▉░]{20} \d+ % \d of 2 partitions/);
  assert.match(screen, /Scanned 2 partitions/);
  assert.doesNotMatch(screen, /scanning/);
});
