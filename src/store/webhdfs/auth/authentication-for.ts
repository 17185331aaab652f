import type { HdfsCluster } from '../cluster.ts';
import type { Authentication, AuthTransport } from './authentication.ts';
import { authenticationOnDemand } from './auto.ts';
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
  const { principal, keytab } = authentication;
  const use = {
    ...(principal === undefined ? {} : { principal }),
    ...(keytab === undefined ? {} : { keytab }),
  };
  const kerberos = kerberosAuthentication(transport, negotiator(use), proxyUser);
  return kind === 'kerberos' ? kerberos : authenticationOnDemand(simple, kerberos);
}
