import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { webHdfsClient } from '../../src/store/webhdfs/client.ts';
import type { HdfsCluster } from '../../src/store/webhdfs/cluster.ts';
import { makeThrottle, retryAfterMs } from '../../src/store/webhdfs/throttle.ts';

/** Time that passes only when somebody sleeps; sleepers wake in the order of their times. */
function madeTime(): {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  run(work: Promise<unknown>): Promise<void>;
} {
  let nowMs = 0;
  const sleepers: { readonly ms: number; readonly wake: () => void }[] = [];
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return {
    nowMs: () => nowMs,
    sleep: (ms) => new Promise((wake) => sleepers.push({ ms: nowMs + ms, wake })),
    async run(work) {
      let isDone = false;
      const done = work.finally(() => {
        isDone = true;
      });
      for (await settle(); !isDone; await settle()) {
        sleepers.sort((one, other) => one.ms - other.ms);
        const next = sleepers.shift();
        assert.ok(next !== undefined, 'somebody waits for nothing');
        nowMs = Math.max(nowMs, next.ms);
        next.wake();
      }
      await done;
    },
  };
}

describe('a throttle', () => {
  it('lets no more than its rate through in any second, but for what was saved up, and keeps the order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 300 }),
        async (perSecond, count) => {
          const time = madeTime();
          const throttle = makeThrottle(perSecond, time);
          const went: { readonly call: number; readonly ms: number }[] = [];
          const calls = Array.from({ length: count }, async (_, call) => {
            await throttle.turn();
            went.push({ call, ms: time.nowMs() });
          });
          await time.run(Promise.all(calls));
          assert.deepEqual(
            went.map(({ call }) => call),
            went.map((_, index) => index),
          );
          // A second's worth at once, then at the rate.
          for (const { call, ms } of went)
            assert.ok(ms >= ((call - perSecond) / perSecond) * 1000 - 1, `${call} at ${ms}`);
          const lastMs = went.at(-1)?.ms ?? 0;
          assert.ok(
            lastMs <= (Math.max(0, count - perSecond) / perSecond) * 1000 + 1,
            'and no slower than that',
          );
        },
      ),
    );
  });

  it('pauses for everybody, longer each time that a server is busy again, and shortly again after it did something', async () => {
    const time = madeTime();
    const throttle = makeThrottle(1000, time);
    const waited = async (): Promise<number> => {
      const startMs = time.nowMs();
      await time.run(throttle.turn());
      return time.nowMs() - startMs;
    };
    throttle.busy();
    throttle.busy();
    assert.equal(await waited(), 250);
    throttle.busy();
    assert.equal(await waited(), 500);
    throttle.calm();
    throttle.busy();
    assert.equal(await waited(), 250);
    throttle.pause(7_000);
    assert.equal(await waited(), 7_000);
    for (let times = 0; times < 20; times++) {
      throttle.busy();
      assert.ok((await waited()) <= 10_000);
    }
  });

  it('understands Retry-After as seconds and as a date', () => {
    const nowMs = Date.parse('2025-08-15T12:00:00Z');
    assert.equal(retryAfterMs('120', nowMs), 120_000);
    assert.equal(retryAfterMs(' 0 ', nowMs), 0);
    assert.equal(retryAfterMs('Fri, 15 Aug 2025 12:00:30 GMT', nowMs), 30_000);
    assert.equal(retryAfterMs('Fri, 15 Aug 2025 11:00:00 GMT', nowMs), 0);
    assert.equal(retryAfterMs('86400', nowMs), 300_000);
    for (const nothing of [undefined, '', 'soon']) assert.equal(retryAfterMs(nothing, nowMs), undefined);
  });
});

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server that answers as a test wants, and the description of a cluster that has it as its NameNode. */
async function answering(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: Partial<HdfsCluster> = {},
): Promise<{
  readonly client: ReturnType<typeof webHdfsClient>;
  readonly server: Server;
  readonly origin: string;
}> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const origin = `http://127.0.0.1:${address.port}`;
  const client = webHdfsClient({
    uri: 'hdfs://made',
    endpoints: [{ origin }],
    userName: 'etl',
    maxRetries: 2,
    firstRetryDelayMs: 10,
    ...options,
  });
  return { client, server, origin };
}

const status = { method: 'GET', operation: 'GETFILESTATUS', path: '/a', op: 'stat' } as const;

describe('a client', () => {
  it('waits for as long as a busy server asks for, and then asks again', async () => {
    for (const code of [503, 429]) {
      const atMs: number[] = [];
      const { client } = await answering((_request, response) => {
        atMs.push(performance.now());
        if (atMs.length === 1) response.writeHead(code, { 'retry-after': '1' }).end('too much');
        else response.writeHead(200).end('{}');
      });
      await client.json(status);
      assert.equal(atMs.length, 2);
      assert.ok((atMs[1] ?? 0) - (atMs[0] ?? 0) >= 990, `${code}: ${atMs}`);
    }
  });

  it('makes every other call wait too when a NameNode says that it is too busy', async () => {
    let count = 0;
    const atMs: number[] = [];
    const { client } = await answering(
      (_request, response) => {
        atMs.push(performance.now());
        if (++count > 1) response.writeHead(200).end('{}');
        else
          response
            .writeHead(403)
            .end('{"RemoteException":{"exception":"RetriableException","message":"Server too busy"}}');
      },
      { maxRetries: 0 },
    );
    await assert.rejects(client.json(status), { code: 'busy' });
    await Promise.all([client.json(status), client.json(status)]);
    assert.equal(atMs.length, 3);
    for (const ms of atMs.slice(1)) assert.ok(ms - (atMs[0] ?? 0) >= 200, String(atMs));
  });

  it('keeps to its rate and to its number of connections, over all that is asked at once', async () => {
    let open = 0;
    let most = 0;
    const { client } = await answering(
      (_request, response) => {
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          response.writeHead(200).end('{}');
        }, 5);
      },
      { limits: { requestsPerSecond: 40, nameNodeConnections: 3, dataNodeConnections: 2 } },
    );
    const startMs = performance.now();
    await Promise.all(Array.from({ length: 80 }, () => client.json(status)));
    assert.ok(performance.now() - startMs >= 980, '40 at once, and 40 more in a second');
    assert.ok(most <= 3, `${most} connections`);
  });

  it('reads by no more connections than it may, and takes no turn for what a DataNode says', async () => {
    let open = 0;
    let most = 0;
    const data = await answering((_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.writeHead(200).end('x');
      }, 20);
    });
    const { client } = await answering(
      (request, response) => response.writeHead(307, { location: `${data.origin}${request.url}` }).end(),
      { limits: { requestsPerSecond: 1000, nameNodeConnections: 8, dataNodeConnections: 2 } },
    );
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const place = await client.dataPlace({ ...status, operation: 'OPEN', op: 'read' });
        const response = await client.beginData(place, { method: 'GET' }).response;
        response.resume();
        await new Promise((resolve) => response.once('end', resolve));
      }),
    );
    assert.ok(most <= 2, `${most} connections`);
  });

  it('sends the header that a cluster asks for, where it asks for it, also to a DataNode', async () => {
    const seen: string[] = [];
    const { client, origin } = await answering(
      (request, response) => {
        seen.push(`${request.method} ${String(request.headers['x-ours'])}`);
        response.writeHead(200).end('{}');
      },
      { csrfHeader: { name: 'X-OURS', methodsToIgnore: ['GET'] } },
    );
    await client.json(status);
    await client.json({ ...status, method: 'PUT', operation: 'SETTIMES', op: 'touch' });
    assert.deepEqual(seen, ['GET undefined', 'PUT ""']);
    assert.ok(origin.length > 0);
  });
});
