import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import { isNear, type RedirectRules, redirectHosts } from '../../src/store/webhdfs/redirect-hosts.ts';

const facts = { op: 'read', path: '/a', attempt: 'read /a', isMutation: false };
const nameNode = { origin: 'https://nn1.prod.example.com:9871' };

/** Whether a redirect to `host` is followed, and how often the NameNode was asked for its DataNodes. */
async function judged(
  host: string,
  rules: Partial<RedirectRules> & { readonly liveNodes?: unknown },
): Promise<{ readonly isFollowed: boolean; readonly asked: number }> {
  let asked = 0;
  const hosts = redirectHosts({
    endpoints: [nameNode, { origin: 'https://nn2.prod.example.com:9871' }],
    servlet: async () => {
      asked++;
      if (rules.liveNodes instanceof StoreError) throw rules.liveNodes;
      return { beans: [{ LiveNodes: JSON.stringify(rules.liveNodes ?? {}) }] };
    },
    ...rules,
  });
  try {
    for (let times = 0; times < 3; times++) {
      await hosts.assertExpected(
        facts,
        rules.endpoints?.[0] ?? nameNode,
        new URL(`https://${host}:9865/a?op=OPEN`),
      );
    }
    return { isFollowed: true, asked };
  } catch (error) {
    assert.ok(error instanceof StoreError);
    assert.equal(error.code, 'unexpected-redirect');
    assert.equal(error.retryable, false);
    return { isFollowed: false, asked };
  }
}

describe('a redirect', () => {
  it('leads to the servers that were named, unasked', async () => {
    assert.deepEqual(await judged('nn2.prod.example.com', {}), { isFollowed: true, asked: 0 });
    assert.deepEqual(await judged('127.0.0.1', { endpoints: [{ origin: 'http://localhost:9870' }] }), {
      isFollowed: true,
      asked: 0,
    });
  });

  it('leads to the DataNodes that the NameNode lists by name or address, asked once', async () => {
    const liveNodes = {
      'dn1.storage.example.net:9866': { infoAddr: '10.0.0.1:9864', infoSecureAddr: '10.0.0.1:9865' },
    };
    for (const host of ['dn1.storage.example.net', 'DN1.storage.example.net', '10.0.0.1']) {
      assert.deepEqual(await judged(host, { liveNodes }), { isFollowed: true, asked: 1 }, host);
    }
    // Also not to a neighbour of the NameNode that is no DataNode.
    for (const host of ['dn2.storage.example.net', 'mail.prod.example.com', '10.0.0.2']) {
      assert.deepEqual(await judged(host, { liveNodes }), { isFollowed: false, asked: 1 }, host);
    }
  });

  it('stays near the NameNode where that does not list them', async () => {
    const liveNodes = new StoreError('cannot ask', { code: 'permission-denied', op: 'stat', path: '/' });
    assert.equal((await judged('dn7.prod.example.com', { liveNodes })).isFollowed, true);
    assert.equal((await judged('dn7.example.com', { liveNodes })).isFollowed, false);
    assert.equal((await judged('login.example.org', { liveNodes })).isFollowed, false);
    for (const [asker, host, isSo] of [
      ['nn', 'dn', true],
      ['nn', 'dn.example.com', false],
      ['nn.local', 'dn.local', false],
      ['10.1.2.3', '192.168.0.7', true],
      ['10.1.2.3', '8.8.8.8', false],
      ['10.1.2.3', 'dn', false],
      ['nn1.a.example.com', 'evil-a.example.com', false],
    ] as const) {
      assert.equal(isNear(asker, host), isSo, `${asker} → ${host}`);
    }
  });

  it('leads to no others where hosts are configured', async () => {
    const allowed = ['gw.example.com', '.storage.example.net'];
    const liveNodes = { 'dn1.other.example.net:9866': {} };
    for (const [host, isFollowed] of [
      ['gw.example.com', true],
      ['dn1.storage.example.net', true],
      ['storage.example.net', false],
      ['x.gw.example.com', false],
      ['dn1.other.example.net', false],
    ] as const) {
      assert.deepEqual(await judged(host, { allowed, liveNodes }), { isFollowed, asked: 0 }, host);
    }
  });
});
