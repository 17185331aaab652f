import type { Authentication } from './authentication.ts';

/**
 * Says a name until the server asks for a proof (401 with `Negotiate`), and proves it from then on. A server that
 * never asks believes the name: that is the cluster's way, and nothing secret is sent to it.
 */
export function authenticationOnDemand(simple: Authentication, kerberos: Authentication): Authentication {
  let active = simple;
  const usedBy = new WeakMap<object, Authentication>();
  return {
    async credentialsFor(request) {
      const user = active;
      const credentials = { ...(await user.credentialsFor(request)) };
      usedBy.set(credentials, user);
      return credentials;
    },
    async replied(request, credentials, reply) {
      const user = usedBy.get(credentials) ?? active;
      if (user === kerberos) return await kerberos.replied(request, credentials, reply);
      const isAsked =
        reply.status === 401 && /\bNegotiate\b/i.test(String(reply.headers['www-authenticate']));
      if (isAsked) active = kerberos;
      return isAsked;
    },
    describe: () => active.describe(),
    assureForSwap: () => active.assureForSwap(),
    close: () => active.close(),
  };
}
