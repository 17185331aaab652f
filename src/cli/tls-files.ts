import { readFile } from 'node:fs/promises';
import type { Settings } from '../config/settings.ts';
import { ConfigError } from '../core/errors.ts';
import type { StoreOptions } from '../store/open-store.ts';

type TlsFiles = Settings['hdfs']['tls'];

/** The configuration key of each file. */
const keys = {
  caFile: 'hdfs.tls_ca_file',
  certificateFile: 'hdfs.tls_certificate_file',
  keyFile: 'hdfs.tls_key_file',
  keyPassphraseFile: 'hdfs.tls_key_passphrase_file',
} as const satisfies Record<keyof TlsFiles, string>;

/**
 * Reads the files that TLS connections are made with.
 * @throws ConfigError `tls-file-unusable` with the setting and the file
 */
export async function readTlsFiles({
  hdfs: { tls, hadoop },
  sources,
}: Settings): Promise<NonNullable<StoreOptions['tls']>> {
  // What Java's programs trust counts where nothing else is said, if it is in a form that is read here.
  const trusted = hadoop?.trustStore?.isPem === true ? hadoop.trustStore.path : undefined;
  const caFile = tls.caFile ?? trusted;
  const [ca, certificate, key, passphrase] = await Promise.all([
    pemIn(
      caFile,
      'CERTIFICATE',
      caFile === tls.caFile ? subjectOf('caFile', sources) : hadoop?.trustStore?.source,
    ),
    pemIn(tls.certificateFile, 'CERTIFICATE', subjectOf('certificateFile', sources)),
    pemIn(tls.keyFile, 'PRIVATE KEY', subjectOf('keyFile', sources)),
    textIn(tls.keyPassphraseFile, subjectOf('keyPassphraseFile', sources)),
  ]);
  if ((certificate === undefined) !== (key === undefined)) {
    const [given, lacking] =
      key === undefined ? [keys.certificateFile, keys.keyFile] : [keys.keyFile, keys.certificateFile];
    throw unusable(
      `${given} is set and ${lacking} is not: a client certificate needs both`,
      `Set ${lacking} too, or none of them.`,
    );
  }
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase: passphrase.replace(/\r?\n$/, '') }),
  };
}

function subjectOf(name: keyof TlsFiles, sources: Settings['sources']): string {
  return `${keys[name]} (${sources[keys[name]] ?? 'default'})`;
}

async function textIn(path: string | undefined, subject: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unusable(
      `${subject} names ${path}, which cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Name a PEM file that this user may read.',
      cause,
    );
  }
}

async function pemIn(
  path: string | undefined,
  kind: 'CERTIFICATE' | 'PRIVATE KEY',
  subject = '',
): Promise<string | undefined> {
  const text = await textIn(path, subject);
  if (text === undefined || new RegExp(`-----BEGIN [A-Z0-9 ]*${kind}-----`).test(text)) return text;
  throw unusable(
    `${subject} names ${path}, which holds no ${kind.toLowerCase()} in PEM form`,
    kind === 'CERTIFICATE'
      ? `If it is a Java key store: ${fromKeyStore(path ?? '')}`
      : 'Name the private key, in PEM form.',
  );
}

/** The command that turns a Java key store into a PEM file. */
export function fromKeyStore(path: string): string {
  return `keytool -list -rfc -keystore ${path} > ca.pem writes its certificates into ca.pem, to be named with --ca-file`;
}

function unusable(message: string, hint: string, cause?: unknown): ConfigError {
  return new ConfigError(message, {
    code: 'tls-file-unusable',
    hint,
    dataState: 'nothing was touched',
    ...(cause === undefined ? {} : { cause }),
  });
}
