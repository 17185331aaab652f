import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import type { Endpoint } from '../../src/store/webhdfs/cluster.ts';
import { type NameNodes, severalNameNodes } from '../../src/store/webhdfs/name-nodes.ts';

const [a, b]: [Endpoint, Endpoint] = [{ origin: 'http://a:9870' }, { origin: 'http://b:9870' }];

type State = 'active' | 'standby' | 'unreachable' | 'hangs' | 'authentication-failed';

function storeError(code: string, outcomeUnknown = false): StoreError {
  return new StoreError(`it is ${code}`, {
    code,
    op: 'list',
    path: '/',
    outcomeUnknown,
    retryable: !outcomeUnknown,
  });
}

/** Two NameNodes whose states a test sets, with a clock of their own. */
function nameNodes(states: Record<string, State>): {
  readonly nodes: NameNodes;
  readonly probed: string[];
  readonly at: () => number;
  readonly whenAt: (ms: number, change: () => void) => void;
} {
  let nowMs = 0;
  const probed: string[] = [];
  const changes: { ms: number; change: () => void }[] = [];
  const nodes = severalNameNodes([a, b], {
    uri: 'hdfs://ns',
    limitMs: 60_000,
    async probe({ origin }) {
      probed.push(origin);
      const state = states[origin] ?? 'unreachable';
      if (state === 'hangs') await new Promise(() => {});
      return state === 'active' ? undefined : storeError(state);
    },
    time: {
      nowMs: () => nowMs,
      async sleep(ms) {
        // What is ready by then comes first.
        for (let turn = 0; turn < 20; turn++) await Promise.resolve();
        nowMs += ms;
        for (let due = changes.findIndex((one) => one.ms <= nowMs); due >= 0; ) {
          changes.splice(due, 1)[0]?.change();
          due = changes.findIndex((one) => one.ms <= nowMs);
        }
      },
    },
  });
  return { nodes, probed, at: () => nowMs, whenAt: (ms, change) => changes.push({ ms, change }) };
}

const where = async ({ origin }: Endpoint): Promise<string> => origin;

describe('several NameNodes', () => {
  it('are asked who is active once, together, and then only that one is used', async () => {
    const { nodes, probed } = nameNodes({ [a.origin]: 'standby', [b.origin]: 'active' });
    const all = await Promise.all(Array.from({ length: 20 }, () => nodes.onActive(where)));
    assert.deepEqual(new Set(all), new Set([b.origin]));
    assert.deepEqual(probed.toSorted(), [a.origin, b.origin]);
    assert.equal(nodes.current(), b);
  });

  it('take over from each other, whatever is wrong with the one that was active', async () => {
    for (const code of ['standby', 'unreachable', 'no-answer', 'unavailable', 'busy']) {
      const states: Record<string, State> = { [a.origin]: 'active', [b.origin]: 'standby' };
      const { nodes } = nameNodes(states);
      assert.equal(await nodes.onActive(where), a.origin);
      Object.assign(states, { [a.origin]: 'standby', [b.origin]: 'active' });
      const asked: string[] = [];
      const answer = await nodes.onActive(async (endpoint) => {
        asked.push(endpoint.origin);
        if (endpoint === a) throw storeError(code);
        return 'done';
      });
      assert.deepEqual([answer, asked], ['done', [a.origin, b.origin]], code);
    }
  });

  it('are not switched for an error that is not the server’s', async () => {
    const { nodes, probed } = nameNodes({ [a.origin]: 'active', [b.origin]: 'standby' });
    for (const error of [storeError('not-found'), storeError('permission-denied'), new TypeError('a bug')]) {
      await assert.rejects(
        nodes.onActive(() => Promise.reject(error)),
        error,
      );
    }
    assert.equal(probed.length, 2);
  });

  it('leave it to the caller’s repetitions when the same one is still active', async () => {
    const { nodes } = nameNodes({ [a.origin]: 'active', [b.origin]: 'standby' });
    let times = 0;
    const failing = nodes.onActive(() => {
      times++;
      return Promise.reject(storeError('no-answer'));
    });
    await assert.rejects(failing, { code: 'no-answer' });
    assert.equal(times, 1);
  });

  it('are asked anew who is active before the look that follows an unknown outcome', async () => {
    const states: Record<string, State> = { [a.origin]: 'active', [b.origin]: 'standby' };
    const { nodes } = nameNodes(states);
    const sent: string[] = [];
    const mutation = nodes.onActive(({ origin }) => {
      sent.push(origin);
      return Promise.reject(storeError('no-answer', true));
    });
    await assert.rejects(mutation, { outcomeUnknown: true });
    assert.deepEqual(sent, [a.origin], 'a mutation with an unknown outcome is sent to nobody else');
    Object.assign(states, { [a.origin]: 'hangs', [b.origin]: 'active' });
    assert.equal(await nodes.onActive(where), b.origin);
  });

  it('are not believed as long as both say that they are active', async () => {
    const states: Record<string, State> = { [a.origin]: 'active', [b.origin]: 'active' };
    const { nodes, at, whenAt } = nameNodes(states);
    whenAt(5_000, () => {
      states[a.origin] = 'standby';
    });
    assert.equal(await nodes.onActive(where), b.origin);
    assert.ok(at() >= 5_000);
  });

  it('are waited for until one is active again, within the limit', async () => {
    const states: Record<string, State> = { [a.origin]: 'active', [b.origin]: 'standby' };
    const { nodes, whenAt, at } = nameNodes(states);
    await nodes.onActive(where);
    states[a.origin] = 'unreachable';
    whenAt(30_000, () => {
      states[b.origin] = 'active';
    });
    const answer = await nodes.onActive(async (endpoint) => {
      if (endpoint === a) throw storeError('unreachable');
      return endpoint.origin;
    });
    assert.equal(answer, b.origin);
    assert.ok(at() >= 30_000);

    Object.assign(states, { [a.origin]: 'unreachable', [b.origin]: 'standby' });
    const startMs = at();
    await assert.rejects(
      nodes.onActive(() => Promise.reject(storeError('standby'))),
      (error: unknown) =>
        error instanceof StoreError &&
        error.code === 'no-active-namenode' &&
        error.exitCode === 10 &&
        !error.retryable &&
        /^no NameNode of hdfs:\/\/ns is active, after looking for one for \d+ s: it is unreachable; it is standby$/.test(
          error.message,
        ),
    );
    assert.ok(at() - startMs <= 61_000, 'within the limit');
  });

  it('are looked for less long before any has answered, and not at all after a refusal', async () => {
    const down = nameNodes({ [a.origin]: 'unreachable', [b.origin]: 'unreachable' });
    await assert.rejects(down.nodes.onActive(where), { code: 'no-active-namenode' });
    assert.ok(down.at() <= 21_000);
    const refused = nameNodes({ [a.origin]: 'authentication-failed', [b.origin]: 'standby' });
    await assert.rejects(refused.nodes.onActive(where), { code: 'authentication-failed' });
    assert.ok(refused.at() < 1_000);
  });
});
