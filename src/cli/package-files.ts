import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Root of the package, above `src/` and `dist/`, without a trailing slash. */
export const packageRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** The configuration that comes with the package; `undefined` when it was installed without. */
export function shippedConfigPath(): string | undefined {
  const path = `${packageRoot}/config/consolidation.yaml`;
  return existsSync(path) ? path : undefined;
}

/** Version in package.json. */
export function packageVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(`${packageRoot}/package.json`, 'utf8'));
  if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
  throw new TypeError(`${packageRoot}/package.json has no version`);
}
