import { access, constants } from 'node:fs/promises';
import { ConfigError } from '../../../core/errors.ts';
import { type GssClient, kerberosPackage } from './kerberos-package.ts';
import { type KerberosUse, kerberosProblem } from './kerberos-problem.ts';

/** One proof for one request. */
export interface Proof {
  /** Value of the Authorization header. */
  readonly header: string;
  /**
   * Checks what the server says in WWW-Authenticate that it is the one it should be; resolves to the principal that
   * was proved, where it is known.
   * @throws StoreError
   */
  finish(wwwAuthenticate: string | undefined): Promise<string | undefined>;
}

/** Makes proofs (SPNEGO, RFC 4559), one after the other. */
export interface Negotiator {
  readonly use: KerberosUse;
  /**
   * A proof for the HTTP service on `host`.
   * @throws ConfigError when package or keytab are not there; StoreError `kerberos-…`
   */
  prove(host: string): Promise<Proof>;
}

/**
 * Makes proofs from the ticket cache (KRB5CCNAME), or from a keytab. With a keytab the library itself gets the ticket and
 * renews it (`KRB5_CLIENT_KTNAME`), into a cache in the memory of this process: no kinit is needed, and no ticket lies
 * on a disk for others to find. The two variables are set only while a proof is made, so that what else this process
 * starts finds the environment it knows.
 */
export function negotiator(use: KerberosUse): Negotiator {
  let last: Promise<unknown> = Promise.resolve();

  /** The library asks the environment at every step, and there is only one of it. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(() => withKeytab(use.keytab, work));
    last = mine.catch(() => {});
    return mine;
  };

  return {
    use,
    async prove(host) {
      const kerberos = kerberosPackage();
      await checkKeytab(use.keytab);
      const name = host.replace(/^\[|\]$/g, '');
      const begin = async (mechOID: number): Promise<readonly [GssClient, string]> => {
        const client = await kerberos.initializeClient(`HTTP@${name}`, {
          mechOID,
          gssFlag: kerberos.GSS_C_MUTUAL_FLAG,
          ...(use.principal === undefined ? {} : { principal: use.principal }),
        });
        return [client, await client.step('')];
      };
      const [client, said] = await alone(() => begin(kerberos.GSS_MECH_OID_SPNEGO)).catch(async (cause) => {
        // SPNEGO only says that it found nothing to negotiate with; Kerberos itself says why.
        const why: unknown = await alone(() => begin(kerberos.GSS_MECH_OID_KRB5)).then(
          () => cause,
          (better: unknown) => better,
        );
        throw kerberosProblem(why, use, name);
      });
      return {
        header: `Negotiate ${said}`,
        async finish(wwwAuthenticate) {
          const answer = /^Negotiate\s+(\S+)/i.exec(wwwAuthenticate ?? '')?.[1];
          // Some proxies swallow it. Over TLS the certificate has proved the server, and else nothing is lost by it.
          if (answer === undefined) return undefined;
          try {
            await alone(() => client.step(answer));
          } catch (cause) {
            throw kerberosProblem(cause, use, name);
          }
          return client.username === '' ? undefined : client.username;
        },
      };
    },
  };
}

async function checkKeytab(keytab: string | undefined): Promise<void> {
  if (keytab === undefined) return;
  try {
    await access(keytab, constants.R_OK);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ConfigError(`cannot read the keytab ${keytab} (${why})`, {
      code: 'keytab-unreadable',
      hint: 'check --keytab, KERBEROS_KEYTAB or hdfs.kerberos_keytab; the user of this process must be able to read it',
      dataState: 'nothing was touched',
      cause,
    });
  }
}

async function withKeytab<T>(keytab: string | undefined, work: () => Promise<T>): Promise<T> {
  if (keytab === undefined) return await work();
  const wanted = { KRB5_CLIENT_KTNAME: keytab, KRB5CCNAME: `MEMORY:parquet-consolidator-${process.pid}` };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, wanted);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
