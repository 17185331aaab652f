import { StoreError } from '../../core/errors.ts';
import { withoutSecrets } from './auth/without-secrets.ts';
import type { CallFacts } from './call-errors.ts';

/**
 * Where a redirect leads. Never from TLS to plain HTTP, and to nothing but these two.
 * @param origin scheme, host and port of the server that redirects
 * @throws StoreError `bad-redirect`
 */
export function redirectTarget(facts: CallFacts, origin: string, location: string | undefined): URL {
  const refuse = (why: string): StoreError =>
    new StoreError(`cannot ${facts.attempt}: ${origin} redirects ${why}`, {
      code: 'bad-redirect',
      op: facts.op,
      path: facts.path,
    });
  if (location === undefined) throw refuse('to nowhere');
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refuse(`to ${withoutSecrets(location)}, which is no HTTP address`);
  }
  if (origin.startsWith('https:') && url.protocol !== 'https:') {
    throw refuse(`from TLS to the unprotected ${url.origin}`);
  }
  return url;
}
