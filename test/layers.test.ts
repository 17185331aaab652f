import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/**
 * The import table: a folder of src/ may import from those named here. Entries ending in `(types)` allow type
 * imports only. What a folder may import it may import from any of its files.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  parquet: ['core'],
  store: ['core'],
  config: ['core'],
  plan: ['core', 'store (types)'],
  partition: ['core', 'parquet', 'store', 'plan (types)'],
  verify: ['core', 'parquet', 'store (types)'],
  swap: ['core', 'store', 'partition', 'plan (types)', 'verify (types)'],
  telemetry: ['core', 'store (types)', 'partition', 'plan', 'verify (types)', 'swap'],
  pipeline: [
    'core',
    'parquet',
    'store',
    'partition',
    'plan',
    'verify',
    'swap',
    'telemetry',
    'config (types)',
  ],
  cli: [
    'core',
    'parquet',
    'store',
    'partition',
    'plan (types)',
    'verify',
    'swap',
    'telemetry',
    'config',
    'pipeline',
  ],
};

/** Imports of single files that the table does not tell. */
const doorsWithin: readonly { readonly door: RegExp; readonly openTo: RegExp; readonly why: string }[] = [
  { door: /^store\/local\//, openTo: /^store\//, why: 'only the store folder knows which stores there are' },
  {
    door: /^store\/webhdfs\//,
    openTo: /^store\//,
    why: 'only the store folder knows which stores there are',
  },
  {
    door: /^store\/open-(local-)?store\.ts$/,
    openTo: /^(cli|store)\//,
    why: 'the pipeline is handed a Store',
  },
];

const source = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  readonly target: string;
  readonly isType: boolean;
}

interface SourceFile {
  /** Relative to src/. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

const files = (readdirSync(source, { recursive: true }) as string[])
  .filter((path) => path.endsWith('.ts'))
  .map((path): SourceFile => {
    const text = readFileSync(join(source, path), 'utf8');
    return { path, text, imports: importsOf(text) };
  });

function importsOf(text: string): readonly Import[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
  const found: Import[] = [];
  for (const match of code.matchAll(/^(?:import|export)\s+(type\s)?([^;'"]*?\bfrom\s+)?['"]([^'"]+)['"]/gm)) {
    const names = (match[2] ?? '').match(/\{([^}]*)\}/)?.[1]?.split(',') ?? [];
    const named = names.map((name) => name.trim()).filter((name) => name !== '');
    const hasDefault = /^\s*[\w$*]/.test(match[2] ?? '');
    const onlyTypes = !hasDefault && named.length > 0 && named.every((name) => name.startsWith('type '));
    found.push({ target: match[3] ?? '', isType: match[1] !== undefined || onlyTypes });
  }
  for (const match of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)) {
    found.push({ target: match[1] ?? '', isType: false });
  }
  return found;
}

function localTarget(file: SourceFile, { target }: Import): string | undefined {
  return target.startsWith('.') ? join(dirname(file.path), target) : undefined;
}

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : '';
}

test('the parser of this test sees the forms of import that the code uses', () => {
  assert.deepEqual(
    importsOf(`import type { A } from './a.ts';
import { type B, c } from './b.ts';
import {
  type D,
  type E,
} from './d.ts';
import zlib from 'node:zlib';
import yargs, { type Argv } from 'yargs';
import './side-effect.ts';
export { f } from './f.ts';
// import { no } from './comment.ts';
const g = await import('./g.ts');`),
    [
      { target: './a.ts', isType: true },
      { target: './b.ts', isType: false },
      { target: './d.ts', isType: true },
      { target: 'node:zlib', isType: false },
      { target: 'yargs', isType: false },
      { target: './side-effect.ts', isType: false },
      { target: './f.ts', isType: false },
      { target: './g.ts', isType: false },
    ],
  );
  assert.ok(files.length > 50, `${files.length} source files`);
});

test('every folder is in the table, and beside main.ts there is nothing else', () => {
  const folders = new Set(files.map((file) => folderOf(file.path)).filter((folder) => folder !== ''));
  for (const folder of folders) assert.ok(folder in allowed, `src/${folder} is not in the import table`);
  assert.deepEqual(
    files.map((file) => file.path).filter((path) => folderOf(path) === ''),
    ['main.ts'],
  );
});

test('imports go the way the table allows', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const own = folderOf(file.path);
    const rules = own === '' ? ['cli'] : (allowed[own] ?? []);
    for (const entry of file.imports) {
      const path = localTarget(file, entry);
      if (path === undefined) continue;
      const other = folderOf(path);
      if (other === own) continue;
      if (rules.includes(other) || (entry.isType && rules.includes(`${other} (types)`))) continue;
      wrong.push(`${file.path} imports ${entry.isType ? 'types of ' : ''}${path}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('single files are imported only where they may be', () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const entry of file.imports) {
      const path = localTarget(file, entry);
      for (const { door, openTo, why } of doorsWithin) {
        if (path !== undefined && door.test(path) && !openTo.test(file.path))
          wrong.push(`${file.path}: ${path}: ${why}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('every import of a file of ours leads to one, by its full name', () => {
  const known = new Set(files.map((file) => file.path));
  for (const file of files) {
    for (const entry of file.imports) {
      const path = localTarget(file, entry);
      if (path !== undefined) assert.ok(known.has(path), `${file.path} imports ${entry.target}`);
    }
  }
});

test('no file imports itself by a detour', () => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      assert.fail(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
    if (done.has(path)) return;
    const file = byPath.get(path);
    for (const entry of file?.imports ?? []) {
      // Types are gone at run time and may refer to each other.
      const next = entry.isType || file === undefined ? undefined : localTarget(file, entry);
      if (next !== undefined) visit(next, [...trail, path]);
    }
    done.add(path);
  };
  for (const file of files) visit(file.path, []);
});

test('every third-party package has one door, and is a dependency', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(source, '../package.json'), 'utf8'));
  assert.ok(typeof manifest === 'object' && manifest !== null && 'dependencies' in manifest);
  const optional = 'optionalDependencies' in manifest ? manifest.optionalDependencies : undefined;
  const dependencies = Object.keys({ ...(manifest.dependencies ?? {}), ...(optional ?? {}) });
  const doors = new Map<string, Set<string>>();
  for (const file of files) {
    for (const { target, isType } of file.imports) {
      if (target.startsWith('.') || target.startsWith('node:') || isType) continue;
      const name = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/');
      assert.ok(
        dependencies.includes(name),
        `${file.path} imports ${name}, which package.json does not have`,
      );
      doors.set(name, (doors.get(name) ?? new Set()).add(file.path));
    }
  }
  for (const [name, through] of doors)
    assert.equal(through.size, 1, `${name} comes in by ${[...through].join(', ')}`);
  assert.deepEqual(dependencies.toSorted(), [...doors.keys()].sort(), 'dependencies that are used');
});

test('Node itself is imported as node:', () => {
  const bare = new Set(['fs', 'path', 'os', 'crypto', 'zlib', 'util', 'stream', 'http', 'child_process']);
  for (const file of files) {
    for (const { target } of file.imports) assert.ok(!bare.has(target), `${file.path} imports ${target}`);
  }
});

test('the plan is pure: no clock, no I/O, nothing asynchronous', () => {
  for (const file of files.filter(({ path }) => folderOf(path) === 'plan')) {
    for (const { target } of file.imports)
      assert.ok(target.startsWith('.'), `${file.path} imports ${target}`);
    assert.doesNotMatch(
      file.text,
      /\basync\b|\bawait\b|\bPromise\b|Date\.now|new Date\(\)|Math\.random|process\./,
      file.path,
    );
  }
});

test('names say what is in a file, and files export by name', () => {
  for (const { path, text } of files) {
    assert.doesNotMatch(path, /(^|\/)(utils?|helpers?|common|misc|services?|index)(\.ts|\/)/, path);
    assert.match(basename(path), /^[a-z0-9]+(-[a-z0-9]+)*\.ts$/, path);
    assert.doesNotMatch(text, /^export default\b/m, path);
    assert.doesNotMatch(text, /^export \* from\b/m, path);
  }
});

test('files stay small', () => {
  const lengths = files.map(({ path, text }) => ({ path, lines: text.split('\n').length }));
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  assert.ok(median <= 150, `the median is ${median} lines`);
  const long = lengths
    .filter(({ lines }) => lines > 450)
    .map(({ path, lines }) => `${relative('.', path)}: ${lines}`);
  assert.deepEqual(long, []);
});
