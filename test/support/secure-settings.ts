import { createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HadoopProperties } from './hadoop-daemons.ts';
import type { KerberosRealm } from './kerberos-realm.ts';

/** What daemons need to believe nobody without Kerberos, and what a test needs to be their superuser. */
export interface SecureSettings {
  /** For every daemon and every client of Hadoop's own. */
  readonly properties: HadoopProperties;
  /** For every Java that is started. */
  readonly javaOptions: readonly string[];
  /** Principal and keytab of the superuser, whose short name is `hdfs`, and of all daemons. */
  readonly superuser: { readonly principal: string; readonly keytab: string };
  /**
   * The superuser's `hadoop.auth`, good for a day at every daemon of these settings: it is signed with their secret, which a
   * test knows since it made it. So no test has to prove anything to look what lies there.
   */
  readonly cookie: string;
}

const secret = 'of the tests alone';

/**
 * Settings for daemons on `localhost` of this realm: users etl, alice, bob; etl may act for alice.
 * @param directory where the secret is kept
 */
export async function secureSettings(realm: KerberosRealm, directory: string): Promise<SecureSettings> {
  const keytab = await realm.keytab('services.keytab', 'hdfs/localhost', 'HTTP/localhost');
  const principal = `hdfs/localhost@${realm.name}`;
  const web = `HTTP/localhost@${realm.name}`;
  const secretFile = join(directory, 'signature');
  await mkdir(directory, { recursive: true });
  await writeFile(secretFile, secret);
  const daemons = ['namenode', 'datanode', 'journalnode'].flatMap((daemon) => [
    [`dfs.${daemon}.kerberos.principal`, principal],
    [`dfs.${daemon}.keytab.file`, keytab],
  ]);
  return {
    properties: {
      ...Object.fromEntries(daemons),
      'hadoop.security.authentication': 'kerberos',
      'hadoop.security.authorization': 'true',
      'hadoop.http.authentication.signature.secret.file': secretFile,
      'dfs.web.authentication.kerberos.principal': web,
      'dfs.web.authentication.kerberos.keytab': keytab,
      // Without a filter for all its pages the NameNode asks nobody who he is, and refuses everybody.
      'hadoop.http.filter.initializers': 'org.apache.hadoop.security.AuthenticationFilterInitializer',
      'hadoop.http.authentication.type': 'kerberos',
      'hadoop.http.authentication.kerberos.principal': web,
      'hadoop.http.authentication.kerberos.keytab': keytab,
      'dfs.block.access.token.enable': 'true',
      // The DataNode has no port below 1024 and no TLS here.
      'ignore.secure.ports.for.testing': 'true',
      'hadoop.user.group.static.mapping.overrides': 'hdfs=supergroup;etl=etl;alice=alice;bob=bob;dr.who=',
      'dfs.permissions.superusergroup': 'supergroup',
      'hadoop.proxyuser.etl.hosts': '*',
      'hadoop.proxyuser.etl.users': 'alice',
    },
    javaOptions: [`-Djava.security.krb5.conf=${realm.configPath}`],
    superuser: { principal, keytab },
    cookie: signedCookie('hdfs', principal),
  };
}

/** What a server gives for a proof (`AuthToken`, `Signer`): who it was, until when, and HMAC-SHA256 over that. */
function signedCookie(user: string, principal: string): string {
  const said = `u=${user}&p=${principal}&t=kerberos&e=${Date.now() + 86_400_000}`;
  return `hadoop.auth="${said}&s=${createHmac('sha256', secret).update(said).digest('base64')}"`;
}
