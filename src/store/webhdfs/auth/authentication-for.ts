import type { HdfsCluster } from '../cluster.ts';
import type { Authentication, AuthTransport } from './authentication.ts';
import { authenticationOnDemand } from './auto.ts';
import { handedToken } from './handed-token.ts';
import { kerberosAuthentication } from './kerberos.ts';
import { simpleAuthentication } from './simple.ts';
import { negotiator } from './spnego.ts';

/** The authentication that a cluster is configured with. Asks nothing yet, and loads nothing of Kerberos. */
export function authenticationFor(
  { authentication = { kind: 'simple' }, userName }: HdfsCluster,
  transport: AuthTransport,
): Authentication {
  const { kind, proxyUser } = authentication;
  const simple = simpleAuthentication(userName, proxyUser);
  if (kind === 'simple') return simple;
  const { principal, keytab, handedToken: handed } = authentication;
  const use = {
    ...(principal === undefined ? {} : { principal }),
    ...(keytab === undefined ? {} : { keytab }),
  };
  const kerberos =
    handed === undefined
      ? kerberosAuthentication(transport, negotiator(use), proxyUser)
      : handedToken(handed.file, handed.host);
  return kind === 'kerberos' ? kerberos : authenticationOnDemand(simple, kerberos);
}
