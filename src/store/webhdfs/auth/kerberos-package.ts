import { createRequire } from 'node:module';
import { ConfigError } from '../../../core/errors.ts';

/** One side of a negotiation, as the package `kerberos` has it. */
export interface GssClient {
  /** Who this process is to the KDC; known once the negotiation is complete. */
  readonly username: string;
  /** Takes what the other side said, in base64 (empty at first), and resolves to what to say to it. */
  step(challenge: string): Promise<string>;
}

/** The part of the npm package `kerberos` that is used here. */
export interface KerberosPackage {
  readonly GSS_MECH_OID_SPNEGO: number;
  readonly GSS_MECH_OID_KRB5: number;
  readonly GSS_C_MUTUAL_FLAG: number;
  initializeClient(
    service: string,
    options: { readonly principal?: string; readonly gssFlag: number; readonly mechOID: number },
  ): Promise<GssClient>;
}

/** The version that this program was tried with. */
const triedVersion = '7.0.0';

let loaded: KerberosPackage | undefined;

/**
 * The package `kerberos`, which binds the Kerberos library of the system and is not installed with this program, since
 * it may have to be compiled. It is looked for as CommonJS does: beside this program, above it, and in NODE_PATH.
 * @throws ConfigError `kerberos-package-missing`, `kerberos-package-broken`
 */
export function kerberosPackage(): KerberosPackage {
  if (loaded !== undefined) return loaded;
  const require = createRequire(import.meta.url);
  let found: unknown;
  try {
    found = require('kerberos');
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'MODULE_NOT_FOUND';
    if (isMissing && /'kerberos'/.test(cause.message)) throw missing(cause);
    throw broken(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!isKerberosPackage(found)) throw broken('it has not the functions that were expected', undefined);
  loaded = found;
  return loaded;
}

function isKerberosPackage(found: unknown): found is KerberosPackage {
  return (
    typeof found === 'object' &&
    found !== null &&
    'initializeClient' in found &&
    typeof found.initializeClient === 'function' &&
    'GSS_MECH_OID_SPNEGO' in found &&
    typeof found.GSS_MECH_OID_SPNEGO === 'number' &&
    'GSS_MECH_OID_KRB5' in found &&
    typeof found.GSS_MECH_OID_KRB5 === 'number' &&
    'GSS_C_MUTUAL_FLAG' in found &&
    typeof found.GSS_C_MUTUAL_FLAG === 'number'
  );
}

const howToAdd =
  `install it in a folder above this program, /opt for /opt/parquet-consolidator-0.1.0: npm install --prefix /opt kerberos@${triedVersion} ` +
  '(with -g where this program was installed with -g; or name its node_modules in NODE_PATH); where no ready-made binary fits it is compiled, which takes a C++ compiler, python3 and the headers of ' +
  'Kerberos (Debian: apt install g++ make python3 libkrb5-dev)';

function missing(cause: unknown): ConfigError {
  return new ConfigError('the cluster asks for Kerberos, and the npm package kerberos is not installed', {
    code: 'kerberos-package-missing',
    hint: howToAdd,
    dataState: 'nothing was touched',
    cause,
  });
}

function broken(why: string, cause: unknown): ConfigError {
  return new ConfigError(
    `the cluster asks for Kerberos, and the npm package kerberos cannot be loaded: ${why.split('\n')[0]}`,
    { code: 'kerberos-package-broken', hint: howToAdd, dataState: 'nothing was touched', cause },
  );
}
