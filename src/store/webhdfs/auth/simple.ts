import type { Authentication } from './authentication.ts';

/**
 * Says a name, on a cluster that believes it (`PseudoAuthenticationHandler`).
 * @param proxyUser on whose behalf, where the cluster lets the first do that (`hadoop.proxyuser.*`)
 */
export function simpleAuthentication(userName: string, proxyUser?: string): Authentication {
  const credentials = {
    parameters: { 'user.name': userName, ...(proxyUser === undefined ? {} : { doas: proxyUser }) },
  };
  return {
    credentialsFor: async () => credentials,
    replied: async () => false,
    describe: async () => ({
      kind: 'simple',
      who: proxyUser === undefined ? userName : `${proxyUser}, by ${userName}`,
    }),
    assureForSwap: async () => {},
    close: async () => {},
  };
}
