// Puts the modules of dist/ together in few files, which load in a third of the time: dist/bundle/. dist/main.js then
// only calls those. Lazy imports stay lazy. Packages that find files beside themselves stay outside.
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = `${root}dist`;
const bundle = `${dist}/bundle`;

rmSync(bundle, { recursive: true, force: true });
const { metafile } = await build({
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
  external: ['@dsnp/parquetjs', '@bokuweb/zstd-wasm', '@electric-sql/pglite', 'pg'],
  // Packages in CommonJS ask for Node's own modules this way.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
});
// Found beside the module that loads it.
copyFileSync(`${dist}/parquet/kernel/kernel.wasm`, `${bundle}/kernel.wasm`);
writeFileSync(`${dist}/main.js`, "#!/usr/bin/env node\nimport './bundle/main.js';\n");
writeFileSync(`${bundle}/THIRD-PARTY-LICENSES`, licenses(Object.keys(metafile.inputs)));

/** The license texts of the packages whose code is in the bundle. */
function licenses(inputs) {
  const packages = new Set(
    inputs.flatMap((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? []),
  );
  return [...packages]
    .sort()
    .map((path) => {
      const directory = path.startsWith('/') ? path : `${root}${path}`;
      const { name, version, license } = JSON.parse(readFileSync(`${directory}/package.json`, 'utf8'));
      const file = readdirSync(directory).find((one) => /^licen[cs]e/i.test(one));
      const text =
        file !== undefined && existsSync(`${directory}/${file}`)
          ? readFileSync(`${directory}/${file}`, 'utf8')
          : '';
      return `${name} ${version} (${license})\n\n${text}`;
    })
    .join('\n----\n\n');
}
