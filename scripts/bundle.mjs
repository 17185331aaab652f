// Puts the modules of dist/ together in few files, which load in a third of the time: dist/bundle/. dist/main.js then
// only calls those. Lazy imports stay lazy. Packages that find files beside themselves stay outside.
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
const bundle = `${dist}/bundle`;

// What yargs brings along takes longer to begin than a small merge to do: string-width builds tables of all emoji to lay a help
// text out, and node:assert, for two functions, a stream to the terminal.
const lightly = {
  'string-width': `import { stripVTControlCharacters } from 'node:util';
    export default (text) => [...stripVTControlCharacters(text)].length;`,
  assert: `export const strictEqual = (...args) => require('node:assert').strictEqual(...args);
    export const notStrictEqual = (...args) => require('node:assert').notStrictEqual(...args);`,
};

const options = {
  entryPoints: [`${dist}/main.js`, `${dist}/cli/threads/engine-worker.js`],
  entryNames: '[name]',
  outdir: bundle,
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: 'warning',
  // Of what has no effects only those need to load it that use it.
  logOverride: { 'ignored-bare-import': 'silent' },
  external: ['@bokuweb/zstd-wasm', '@electric-sql/pglite', 'pg'],
  // Packages in CommonJS ask for Node's own modules this way.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
};

const light = {
  name: 'lightly',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(string-width|assert)$/ }, ({ path, importer }) =>
      /node_modules.(yargs|cliui|wrap-ansi)/.test(importer) ? { path, namespace: 'lightly' } : undefined,
    );
    // Its decoders come along; the package itself brings an S3 client, and finds files beside itself.
    onResolve({ filter: /^@dsnp\/parquetjs$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /.*/, namespace: 'lightly' }, ({ path }) => ({ contents: lightly[path] }));
    // An import of one of Node's own modules evaluates all that it has, Web Crypto and what not; require does not.
    // What is imported lazily is left as it is: its names would be lost on the way.
    onResolve({ filter: /^node:/ }, ({ path, namespace, kind }) =>
      namespace === 'asked' || kind === 'dynamic-import'
        ? { path, external: true }
        : { path, namespace: 'asked' },
    );
    onLoad({ filter: /.*/, namespace: 'asked' }, ({ path }) => ({
      contents: `module.exports = require('${path}');`,
    }));
  },
};

// Modules lie in one file when all that is loaded lazily needs them alike. That would be some fifty files for a merge, of half a
// millisecond each: so whatever is loaded lazily is made to need all that a merge does, which then lies in two.
const { metafile: apart } = await build({ ...options, plugins: [light], write: false });
const merge = needed(apart, 'dist/cli/commands/merge.js');
// What every command has, but for what leads to the parser of the command line.
const common = needed(apart, 'dist/main.js').filter((path) =>
  [path, ...needed(apart, path)].every((one) => one.startsWith('dist/') || merge.includes(one)),
);
const engine = merge.filter((path) => !common.includes(path));
const lazily = Object.values(apart.outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
const together = {
  name: 'together',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      const own = path.slice(root.length);
      if (!lazily.includes(own)) return undefined;
      const others = own === 'dist/main.js' ? [] : engine;
      const wanted = [...common, ...others].filter((other) => other !== own);
      const imports = wanted.map((other) => `import ${JSON.stringify(`${root}${other}`)};`).join(' ');
      return { contents: readFileSync(path, 'utf8').replace(/^(?!#!)/m, () => imports) };
    });
  },
};
rmSync(bundle, { recursive: true, force: true });
const { metafile } = await build({ ...options, plugins: [light, together] });
// Found beside the module that loads it.
copyFileSync(`${dist}/parquet/kernel/kernel.wasm`, `${bundle}/kernel.wasm`);
writeFileSync(`${dist}/main.js`, "#!/usr/bin/env node\nimport './bundle/main.js';\n");
writeFileSync(`${bundle}/THIRD-PARTY-LICENSES`, licenses(Object.keys(metafile.inputs)));

/** A module's own files under dist/, and those of packages, that are loaded with it; but for the module itself. */
function needed({ inputs }, path) {
  const found = new Set([path]);
  for (const one of found) {
    for (const { path: next, kind, external } of inputs[one]?.imports ?? [])
      if (!external && kind !== 'dynamic-import' && !/^[a-z]+:/.test(next)) found.add(next);
  }
  found.delete(path);
  return [...found];
}

/** The license texts of the packages whose code is in the bundle. */
function licenses(inputs) {
  const packages = new Set(
    inputs.flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((path) => {
      const directory = path.startsWith('/') ? path : `${root}${path}`;
      const { name, version, license, author } = JSON.parse(
        readFileSync(`${directory}/package.json`, 'utf8'),
      );
      const file = readdirSync(directory).find((one) => /^licen[cs]e/i.test(one));
      const text =
        file === undefined
          ? `By ${author?.name ?? author}. The package states its license and comes without the text of it.\n`
          : readFileSync(`${directory}/${file}`, 'utf8');
      return `${name} ${version.replace(/^v/, '')} (${license})\n\n${text}`;
    })
    .join('\n----\n\n');
}
