import type { IncomingHttpHeaders } from 'node:http';
import { StoreError } from '../../../core/errors.ts';
import type { Endpoint } from '../cluster.ts';
import type { AuthTransport } from './authentication.ts';
import { cookieJar } from './cookies.ts';
import type { Negotiator, Proof } from './spnego.ts';
import { withoutSecrets } from './without-secrets.ts';

/** A reply to a signed call. */
export interface SignedReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Calls that Kerberos vouches for: by a proof the first time, then by the cookie that the server gave for it. */
export interface SignedCalls {
  /**
   * Sends one, and once more where the cookie had run out.
   * @throws StoreError `kerberos-…`, or `authentication-failed` where the server does not take the proof
   */
  send(endpoint: Endpoint, method: 'GET' | 'PUT', target: string): Promise<SignedReply>;
  /** Proves again who asks, whatever cookie there is, and keeps the new one. Rejects as `send` does. */
  proveAnew(endpoint: Endpoint): Promise<void>;
  /** Headers for a call of the client's own: the cookie, or a fresh proof. */
  headersFor(endpoint: Endpoint): Promise<Readonly<Record<string, string>>>;
  /** Takes notice of the reply to such a call; true when it is worth sending again. */
  replied(endpoint: Endpoint, headers: Readonly<Record<string, string>>, reply: Replied): boolean;
  /** The principal that was proved; undefined before. */
  principal(): string | undefined;
}

type Replied = Pick<SignedReply, 'status' | 'headers'>;

/** {@link SignedCalls} over this transport. `doas` is the user on whose behalf all of them are made. */
export function signedCalls(
  transport: AuthTransport,
  negotiator: Negotiator,
  doas: string | undefined,
): SignedCalls {
  const cookies = cookieJar();
  let proved = negotiator.use.principal;

  const credentials = async (
    endpoint: Endpoint,
  ): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly proof?: Proof }> => {
    const cookie = cookies.headerFor(endpoint.origin);
    if (cookie !== undefined) return { headers: { cookie } };
    const proof = await negotiator.prove(new URL(endpoint.origin).hostname);
    return { headers: { authorization: proof.header }, proof };
  };

  const send: SignedCalls['send'] = async (endpoint, method, target) => {
    const whole = doas === undefined ? target : `${target}&doas=${encodeURIComponent(doas)}`;
    for (let attempt = 1; ; attempt++) {
      const { headers, proof } = await credentials(endpoint);
      const reply = await transport.send({ endpoint, method, target: whole, headers });
      if (reply.status === 401) {
        cookies.forget(endpoint.origin);
        if (proof === undefined && attempt === 1) continue;
        throw notTaken(endpoint, reply);
      }
      cookies.keep(endpoint.origin, reply.headers);
      if (proof !== undefined && reply.status < 400 && !isHeeded(reply)) throw notAsked(endpoint);
      proved = (await proof?.finish(reply.headers['www-authenticate'])) ?? proved;
      return reply;
    }
  };

  return {
    send,
    async proveAnew(endpoint) {
      cookies.forget(endpoint.origin);
      await send(endpoint, 'GET', '/?op=GETHOMEDIRECTORY');
    },
    headersFor: async (endpoint) => (await credentials(endpoint)).headers,
    replied(endpoint, headers, reply) {
      if (reply.status !== 401) {
        cookies.keep(endpoint.origin, reply.headers);
        return false;
      }
      cookies.forget(endpoint.origin);
      // A cookie may run out at any time; a proof that is refused will be refused again.
      return headers.cookie !== undefined;
    },
    principal: () => proved,
  };
}

/** False when the server took no notice of a proof. */
function isHeeded({ headers }: SignedReply): boolean {
  return headers['www-authenticate'] !== undefined || headers['set-cookie'] !== undefined;
}

function notAsked(endpoint: Endpoint): StoreError {
  return new StoreError(
    `cannot authenticate to ${endpoint.origin}: Kerberos is configured, and this server asks nobody for a proof`,
    {
      code: 'kerberos-not-in-use',
      op: 'authenticate',
      path: '/',
      hint: 'look whether this is the right server; if it is, say so: hdfs.authentication: simple (HDFS_AUTHENTICATION=simple)',
    },
  );
}

function notTaken(endpoint: Endpoint, reply: SignedReply): StoreError {
  const text = withoutSecrets(reply.body.toString('utf8'));
  const why = /<title>\s*(?:Error \d+\s*)?([^<]*)/i.exec(text)?.[1]?.trim();
  return new StoreError(
    `cannot authenticate to ${endpoint.origin}: the server does not take the Kerberos ticket` +
      (why === undefined || why === '' ? '' : ` (${why})`),
    {
      code: 'kerberos-refused',
      op: 'authenticate',
      path: '/',
      status: reply.status,
      hint:
        'look whether the server is named by the host name in its principal (dfs.web.authentication.kerberos.principal), ' +
        "at the clocks, and at the server's log",
    },
  );
}
