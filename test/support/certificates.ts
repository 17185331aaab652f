import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HdfsUnavailable } from './hdfs-daemons.ts';

const run = promisify(execFile);

/** What protects the key stores of tests. */
export const storePassword = 'changeit';

/** A certificate authority of a test's own. */
export interface Authority {
  /** Path of its certificate, PEM. */
  readonly certificate: string;
  /** Issues a certificate for a server (`hosts`: its names) or a client (none). */
  issue(name: string, hosts?: readonly string[]): Promise<Issued>;
  /** Path of a PKCS #12 key store with the authority's certificate as a trusted one. */
  trustStore(): Promise<string>;
}

/** Paths of the files of one certificate. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  /** Both, as a PKCS #12 key store with {@link storePassword}. */
  readonly store: string;
}

/**
 * Makes an authority; its files lie in `directory`, under names that begin with `name`.
 * @throws HdfsUnavailable without OpenSSL
 */
export async function makeAuthority(directory: string, name: string): Promise<Authority> {
  const at = (suffix: string): string => join(directory, `${name}${suffix}`);
  const [key, certificate] = [at('.key'), at('.pem')];
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...ec,
    '-keyout',
    key,
    '-out',
    certificate,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  );
  return {
    certificate,
    async issue(subject, hosts = []) {
      const path = (suffix: string): string => at(`-${subject}${suffix}`);
      const issued = { certificate: path('.pem'), key: path('.key'), store: path('.p12') };
      await openssl('req', ...ec, '-keyout', issued.key, '-out', path('.csr'), '-subj', `/CN=${subject}`);
      const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`));
      const extensions = [
        'basicConstraints=CA:FALSE',
        ...(names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`]),
      ];
      await writeFile(path('.ext'), `${extensions.join('\n')}\n`);
      await openssl(
        ...['x509', '-req', '-in', path('.csr'), '-CA', certificate, '-CAkey', key, '-CAcreateserial'],
        ...['-out', issued.certificate, '-days', '2', '-extfile', path('.ext')],
      );
      await openssl(
        ...['pkcs12', '-export', '-in', issued.certificate, '-inkey', issued.key, '-certfile', certificate],
        ...['-name', subject, '-out', issued.store, '-passout', `pass:${storePassword}`],
      );
      return issued;
    },
    async trustStore() {
      const store = at('-trust.p12');
      // What makes Java take a certificate without a key for a trusted one (oracle-jdk-trustedkeyusage) only its own
      // tool writes.
      await run('keytool', [
        ...['-importcert', '-noprompt', '-alias', name, '-file', certificate],
        ...['-keystore', store, '-storetype', 'PKCS12', '-storepass', storePassword],
      ]);
      return store;
    },
  };
}

async function openssl(...args: readonly string[]): Promise<void> {
  try {
    await run('openssl', args);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new HdfsUnavailable('OpenSSL was not found; install it (Debian: apt install openssl).');
    }
    throw error;
  }
}
