import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { after, describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import type { AuthTransport } from '../../src/store/webhdfs/auth/authentication.ts';
import { cookieJar } from '../../src/store/webhdfs/auth/cookies.ts';
import { kerberosAuthentication } from '../../src/store/webhdfs/auth/kerberos.ts';
import { kerberosProblem } from '../../src/store/webhdfs/auth/kerberos-problem.ts';
import type { Negotiator } from '../../src/store/webhdfs/auth/spnego.ts';
import { withoutSecrets } from '../../src/store/webhdfs/auth/without-secrets.ts';
import { webHdfsStore } from '../../src/store/webhdfs/web-hdfs-store.ts';

const endpoint = { origin: 'http://nn.example.com:9870' };
const call = { endpoint, method: 'GET', operation: 'LISTSTATUS' } as const;

/** What a NameNode with Kerberos does about tokens, as seen from outside. */
interface TokenServer {
  readonly transport: AuthTransport;
  readonly asked: string[];
  /** How long a new or renewed token is good for. */
  grantMs: number;
  /** Refuses everything from now on as this. */
  down: 'no' | 'unreachable' | 'renewals';
}

function tokenServer(grantMs: number): TokenServer {
  let made = 0;
  const server: TokenServer = {
    grantMs,
    down: 'no',
    asked: [],
    transport: {
      async send({ target, headers = {} }) {
        const op = /op=(\w+)/.exec(target)?.[1] ?? '';
        server.asked.push(`${op}${headers.cookie === undefined ? ' by proof' : ' by cookie'}`);
        if (server.down === 'unreachable') {
          throw new StoreError('no connection', { code: 'unreachable', op: 'authenticate', path: '/' });
        }
        const date = new Date().toUTCString();
        const isRefused = server.down === 'renewals' && op === 'RENEWDELEGATIONTOKEN';
        const message = 'org.apache.hadoop.security.token.SecretManager$InvalidToken: gone';
        const json = isRefused
          ? { RemoteException: { exception: 'SecurityException', message } }
          : op === 'GETDELEGATIONTOKEN'
            ? { Token: { urlString: `token-${++made}` } }
            : { long: Date.parse(date) + 1_000 + server.grantMs };
        return {
          status: isRefused ? 403 : 200,
          headers: {
            date,
            'set-cookie': ['hadoop.auth="u=etl&s=x"; Path=/; HttpOnly'],
          },
          body: Buffer.from(JSON.stringify(json)),
        };
      },
    },
  };
  return server;
}

const negotiator: Negotiator = {
  use: { principal: 'etl@EXAMPLE.COM' },
  prove: async () => ({ header: 'Negotiate YIIC', finish: async () => 'etl@EXAMPLE.COM' }),
};

async function tokenOf(
  authentication: ReturnType<typeof kerberosAuthentication>,
): Promise<string | undefined> {
  return (await authentication.credentialsFor(call)).parameters?.delegation;
}

async function refusalOf(work: Promise<unknown>): Promise<StoreError> {
  return work.then(
    () => assert.fail('it was not refused'),
    (error: unknown) => {
      assert.ok(error instanceof StoreError, String(error));
      return error;
    },
  );
}

describe('a delegation token', () => {
  it('is got once for many calls at the same time, with one proof, and cancelled at the end', async () => {
    const server = tokenServer(3_600_000);
    const authentication = kerberosAuthentication(server.transport, negotiator, undefined);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => tokenOf(authentication)));
    assert.deepEqual(new Set(tokens), new Set(['token-1']));
    await authentication.assureForSwap();
    assert.deepEqual(server.asked, ['GETDELEGATIONTOKEN by proof', 'RENEWDELEGATIONTOKEN by cookie']);
    const { kind, who, expiresAtMs } = await authentication.describe();
    assert.deepEqual([kind, who], ['delegation-token', 'etl@EXAMPLE.COM']);
    assert.ok(Math.abs((expiresAtMs ?? 0) - Date.now() - 3_600_000) < 5_000);
    await authentication.close();
    assert.equal(server.asked.at(-1), 'CANCELDELEGATIONTOKEN by cookie');
  });

  it('is renewed when it is old, and another is got where that is refused', async () => {
    const server = tokenServer(40_000);
    const time = { ms: 0 };
    const clock = { now: () => time.ms };
    const authentication = kerberosAuthentication(server.transport, negotiator, undefined, clock);
    assert.equal(await tokenOf(authentication), 'token-1');
    time.ms += 35_000;
    assert.equal(await tokenOf(authentication), 'token-1');
    assert.equal(server.asked.filter((asked) => asked.startsWith('RENEW')).length, 2);
    server.down = 'renewals';
    time.ms += 35_000;
    assert.equal(await tokenOf(authentication), 'token-2');
  });

  it('is used to its end while no other can be had', async () => {
    const server = tokenServer(40_000);
    const time = { ms: 0 };
    const clock = { now: () => time.ms };
    const authentication = kerberosAuthentication(server.transport, negotiator, undefined, clock);
    await tokenOf(authentication);
    server.down = 'unreachable';
    time.ms += 32_000;
    assert.equal(await tokenOf(authentication), 'token-1');
    time.ms += 9_000;
    assert.equal((await refusalOf(tokenOf(authentication))).code, 'unreachable');
  });

  it('that a server refuses is replaced, once for all calls that it was refused to', async () => {
    const server = tokenServer(3_600_000);
    const authentication = kerberosAuthentication(server.transport, negotiator, undefined);
    const credentials = await authentication.credentialsFor(call);
    const reply = {
      status: 403,
      headers: {},
      exception: { name: 'SecurityException', message: 'SecretManager$InvalidToken: expired' },
    };
    assert.equal(await authentication.replied(call, credentials, reply), true);
    assert.equal(await tokenOf(authentication), 'token-2');
    assert.equal(await authentication.replied(call, credentials, reply), true);
    assert.equal(await tokenOf(authentication), 'token-2');
    const denied = { status: 403, headers: {}, exception: { name: 'AccessControlException', message: 'no' } };
    assert.equal(
      await authentication.replied(call, await authentication.credentialsFor(call), denied),
      false,
    );
  });

  it('is got from the active one of two, also where the standby is asked first, and stays good while a standby does not know it', async () => {
    const server = tokenServer(3_600_000);
    const standby = { origin: 'http://standby.example.com:9870' };
    const refused: string[] = [];
    const transport: AuthTransport = {
      async send(request) {
        if (request.endpoint.origin !== standby.origin) return server.transport.send(request);
        refused.push(/op=(\w+)/.exec(request.target)?.[1] ?? '');
        const body = Buffer.from('{"RemoteException":{"exception":"StandbyException","message":"no"}}');
        return { status: 403, headers: { 'set-cookie': ['hadoop.auth="u=etl&s=y"; Path=/'] }, body };
      },
    };
    const authentication = kerberosAuthentication(transport, negotiator, undefined);
    const atStandby = { ...call, endpoint: standby };
    const [first, second] = await Promise.allSettled([
      authentication.credentialsFor(atStandby),
      authentication.credentialsFor(call),
    ]);
    assert.equal(first.status === 'rejected' && first.reason.code, 'standby');
    assert.deepEqual(second.status === 'fulfilled' && second.value.parameters, { delegation: 'token-1' });

    const credentials = await authentication.credentialsFor(atStandby);
    assert.equal(credentials.parameters?.delegation, 'token-1');
    const exception = { name: 'SecurityException', message: 'SecretManager$InvalidToken: not in cache' };
    assert.equal(
      await authentication.replied(atStandby, credentials, { status: 403, headers: {}, exception }),
      true,
    );
    assert.equal((await refusalOf(authentication.credentialsFor(atStandby))).code, 'standby');
    assert.deepEqual(refused, ['GETDELEGATIONTOKEN', 'GETDELEGATIONTOKEN']);
    assert.equal(await tokenOf(authentication), 'token-1', 'good where it was good');
    // By the time it is active it has read of the token.
    assert.equal((await authentication.credentialsFor(atStandby)).parameters?.delegation, 'token-1');
    await authentication.close();
    assert.equal(server.asked.at(-1), 'CANCELDELEGATIONTOKEN by cookie', 'cancelled where it was got');
  });

  it('that ends soon keeps a swap from beginning, unless another can be had', async () => {
    const server = tokenServer(60_000);
    const authentication = kerberosAuthentication(server.transport, negotiator, undefined);
    await tokenOf(authentication);
    // The cluster grants no more than a minute: then a minute it is.
    await authentication.assureForSwap();
    server.down = 'unreachable';
    const refusal = await refusalOf(authentication.assureForSwap());
    assert.equal(refusal.code, 'credentials-ending');
    assert.match(
      refusal.message,
      /the delegation token ends in \d+ s and no other one can be had: no connection/,
    );
    assert.equal(refusal.dataState, 'the originals are untouched');
    server.down = 'no';
    server.grantMs = 3_600_000;
    await authentication.assureForSwap();
    assert.ok(((await authentication.describe()).expiresAtMs ?? 0) > Date.now() + 3_000_000);
  });

  it('is done without where a server gives none: cookies then, and a new proof before a swap', async () => {
    const asked: string[] = [];
    let isDown = false;
    const transport: AuthTransport = {
      async send({ target, headers = {} }) {
        asked.push(`${/op=(\w+)/.exec(target)?.[1]} ${Object.keys(headers).join()}`);
        if (isDown) throw new StoreError('no', { code: 'unreachable', op: 'authenticate', path: '/' });
        const status = target.includes('GETDELEGATIONTOKEN') ? 404 : 200;
        const headersBack = { 'set-cookie': ['hadoop.auth="u=etl&s=x"; Path=/'] };
        return { status, headers: headersBack, body: Buffer.from('{}') };
      },
    };
    const authentication = kerberosAuthentication(transport, negotiator, 'alice');
    const credentials = await authentication.credentialsFor(call);
    assert.deepEqual(credentials, {
      headers: { cookie: 'hadoop.auth="u=etl&s=x"' },
      parameters: { doas: 'alice' },
    });
    await authentication.assureForSwap();
    assert.deepEqual(asked, ['GETDELEGATIONTOKEN authorization', 'GETHOMEDIRECTORY authorization']);
    isDown = true;
    assert.equal((await refusalOf(authentication.assureForSwap())).code, 'credentials-ending');
  });

  it('is not got from a server that asks nobody for a proof', async () => {
    const transport: AuthTransport = {
      send: async () => ({ status: 200, headers: {}, body: Buffer.from('{"Token":null}') }),
    };
    const authentication = kerberosAuthentication(transport, negotiator, undefined);
    assert.equal((await refusalOf(tokenOf(authentication))).code, 'kerberos-not-in-use');
  });
});

describe('what is kept and what is told', () => {
  it('keeps cookies each for its origin, until they are taken back', () => {
    const jar = cookieJar();
    jar.keep('http://a', {
      'set-cookie': ['hadoop.auth="u=etl&p=etl@R&s=ab=="; Path=/; HttpOnly', 'x=1; Secure'],
    });
    assert.equal(jar.headerFor('http://a'), 'hadoop.auth="u=etl&p=etl@R&s=ab=="; x=1');
    assert.equal(jar.headerFor('http://b'), undefined);
    jar.keep('http://a', { 'set-cookie': ['hadoop.auth=; Path=/; HttpOnly'] });
    assert.equal(jar.headerFor('http://a'), 'x=1');
    jar.forget('http://a');
    assert.equal(jar.headerFor('http://a'), undefined);
  });

  it('takes out of a text what proves who somebody is', () => {
    const token = 'GgADZXRsA2V0bACKAaH_uuJpigGh_7vMyQECFCh-nc0B9FjP40N0OqWGm7VM14X5';
    const texts = [
      `GET /webhdfs/v1/a?op=OPEN&delegation=${token}&offset=1 failed`,
      `PUT /webhdfs/v1/?op=RENEWDELEGATIONTOKEN&token=${token}`,
      `{"Token":{"urlString":"${token}"}}`,
      `Set-Cookie: hadoop.auth="u=etl&s=${token}"; Path=/`,
      `WWW-Authenticate: Negotiate ${token}==`,
      `Authorization: Basic ${token}`,
    ];
    for (const text of texts) {
      assert.doesNotMatch(withoutSecrets(text), /GgADZXRs/, text);
    }
    assert.equal(withoutSecrets(texts[0] ?? ''), 'GET /webhdfs/v1/a?op=OPEN&delegation=…&offset=1 failed');
    const harmless = 'cannot rename hdfs://h/token=a to /b: Permission denied: user=etl, access=WRITE';
    assert.match(withoutSecrets(harmless), /Permission denied: user=etl, access=WRITE/);
  });

  it('says for what Kerberos says what to do', () => {
    const of = (said: string, use = {}) => {
      const { code, message, hint } = kerberosProblem(new Error(said), use, 'nn');
      return [code, message.replace(/ \(.*/, ''), hint];
    };
    const unspecified = 'Unspecified GSS failure.  Minor code may provide more information';
    assert.deepEqual(of(`${unspecified}: Ticket expired`).slice(0, 2), [
      'kerberos-ticket-expired',
      'cannot authenticate to nn: the Kerberos ticket has expired',
    ]);
    assert.equal(of(`${unspecified}: Clock skew too great`)[0], 'kerberos-clock-skew');
    assert.equal(of(`${unspecified}: Preauthentication failed`, { keytab: '/k' })[0], 'kerberos-keytab');
    assert.equal(of(`${unspecified}: Cannot contact any KDC for realm 'A.B'`)[0], 'kerberos-kdc-unreachable');
    assert.match(of('something new')[2] ?? '', /KRB5_TRACE/);
  });
});

describe('errors of servers that repeat what they were sent', () => {
  const servers: Server[] = [];
  after(() => {
    for (const server of servers) server.close();
  });

  async function storeAt(
    answer: (asked: IncomingMessage) => { status: number; body: string; location?: string },
  ) {
    const server = createServer((asked, reply) => {
      const { status, body, location } = answer(asked);
      reply.writeHead(status, {
        'content-type': 'text/html',
        ...(location === undefined ? {} : { location }),
      });
      reply.end(body);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return webHdfsStore({
      uri: 'hdfs://nn',
      endpoints: [{ origin: `http://127.0.0.1:${port}` }],
      userName: 'etl',
      maxRetries: 0,
    });
  }

  it('hold no token', async () => {
    const token = `delegation=${'A'.repeat(60)}`;
    const body = `<html><title>Error</title>${'x'.repeat(170)} /webhdfs/v1/a?op=OPEN&${token}</html>`;
    const page = await refusalOf((await storeAt(() => ({ status: 400, body }))).stat('/a'));
    const json = JSON.stringify({ RemoteException: { exception: 'IOException', message: `bad ${token}` } });
    const exception = await refusalOf((await storeAt(() => ({ status: 403, body: json }))).stat('/a'));
    const location = `ftp://nowhere/?${token}`;
    const redirecting = await storeAt(({ url = '' }) =>
      url.includes('op=OPEN') ? { status: 307, body: '', location } : { status: 404, body: '' },
    );
    const source = await redirecting.open('/a', { name: 'a', fileId: '1', sizeBytes: 3, modifiedAtMs: 0 });
    const redirect = await refusalOf(source.read(0, 3));
    for (const error of [page, exception, redirect]) {
      assert.doesNotMatch(`${error.message} ${error.hint} ${error.stack}`, /AAAA/);
    }
    assert.match(exception.message, /bad delegation=…/);
    assert.equal(redirect.code, 'bad-redirect');
  });
});
