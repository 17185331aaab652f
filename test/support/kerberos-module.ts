import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { missingForRealm } from './kerberos-realm.ts';
import { repositoryRoot } from './python-env.ts';

/** The folder in which the optional package `kerberos` is installed for the tests; for NODE_PATH. */
export const kerberosModules = join(repositoryRoot, '.kerberos/node_modules');

/** What keeps the tests with Kerberos from running on this machine; false where nothing does, and in CI always. */
export function skipWithoutKerberos(): string | false {
  if ((process.env.CI ?? '') !== '') return false;
  const missing =
    missingForRealm() ??
    (existsSync(join(kerberosModules, 'kerberos'))
      ? undefined
      : 'no package kerberos: npm install --no-save --prefix .kerberos kerberos@7.0.0');
  if (missing === undefined) return false;
  const line = '!'.repeat(100);
  process.stderr.write(`${line}\nThe tests with Kerberos will NOT run. ${missing}\n${line}\n`);
  return missing;
}
