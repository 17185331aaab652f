import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { StoreError } from '../../../core/errors.ts';
import type { Authentication } from './authentication.ts';
import { type StoredToken, tokensIn } from './hadoop-credentials.ts';

const kinds: ReadonlySet<string> = new Set([
  'HDFS_DELEGATION_TOKEN',
  'WEBHDFS delegation',
  'SWEBHDFS delegation',
]);

/**
 * Asks with a delegation token that somebody else got, renews and cancels: of a file that YARN gives to each container of a job. A
 * NameNode takes a token over WebHDFS that was got by RPC, since it keeps one list of them.
 * @param file in the format of `tokensIn`
 * @param host that of the dataset: of the NameNode, or the name of a name service
 */
export function handedToken(file: string, host: string): Authentication {
  let chosen: Promise<string> | undefined;
  return {
    async credentialsFor({ operation }) {
      // Servlets take no tokens.
      if (operation.startsWith('/')) return {};
      chosen ??= readToken(file, host);
      return { parameters: { delegation: await chosen } };
    },
    // There is no other one to be had.
    replied: async () => false,
    describe: async () => ({ kind: 'delegation-token', who: `the token in ${file}` }),
    // When it ends nobody says.
    assureForSwap: () => Promise.reject(refused(file, 'it was handed over, and nobody knows when it ends')),
    close: async () => {},
  };
}

async function readToken(file: string, host: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw refused(file, `it cannot be read (${why})`);
  }
  const tokens = tokensIn(bytes);
  if (tokens === undefined)
    throw refused(file, 'it is no file of Hadoop tokens, or in a format that is not known here');
  const token = await tokenFor(
    tokens.filter(({ kind }) => kinds.has(kind)),
    host,
  );
  if (token === undefined) {
    const services = tokens.map(({ kind, service }) => `${kind} of ${service}`).join(', ');
    throw refused(file, `it has no token for ${host}${services === '' ? '' : `, only ${services}`}`);
  }
  return token.secret;
}

async function tokenFor(tokens: readonly StoredToken[], host: string): Promise<StoredToken | undefined> {
  const hostOf = ({ service }: StoredToken): string => service.replace(/^ha-hdfs:/, '').replace(/:\d+$/, '');
  const byName = tokens.find((token) => hostOf(token) === host);
  if (byName !== undefined || tokens.length === 0) return byName;
  // Hadoop calls a service by its address, unless told otherwise.
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return tokens.find((token) => addresses.some(({ address }) => address === hostOf(token)));
}

function refused(file: string, why: string): StoreError {
  return new StoreError(`cannot authenticate with the token in ${file}: ${why}`, {
    code: 'credentials-ending',
    op: 'authenticate',
    path: '/',
    hint: 'name a keytab of its own: --keytab FILE --principal NAME',
  });
}
