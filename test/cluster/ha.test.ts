import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { assertEveryRowOnce, consolidateWords, endingOf, stateOf } from '../hdfs/fault-bench.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { type HaPair, type NameNodeId, startHaPair } from '../support/ha-pair.ts';
import { noHdfs } from '../support/hdfs-cluster.ts';
import { unlessUnavailable } from '../support/hdfs-daemons.ts';
import { hdfs } from '../support/hdfs-request.ts';
import { doctor } from './doctor-report.ts';
import { assertSettled, type HaBench, killActive, makeHaBench, mutationsOf } from './ha-bench.ts';

const pair = await unlessUnavailable(startHaPair);
const skip = pair === undefined ? noHdfs : false;
after(() => pair?.stop());

async function onBench(pair: HaPair, name: string, work: (bench: HaBench) => Promise<void>): Promise<void> {
  const bench = await makeHaBench(pair, name);
  try {
    await work(bench);
  } finally {
    await bench.close();
  }
}

test('a run goes on when the active NameNode is killed at a mutation', { skip }, async (t) => {
  if (pair === undefined) return;
  const mutations = await mutationsOf(pair);
  /** One of each kind that the swap is made of; around it is the same code. */
  const isSwap = (name: string): boolean =>
    /^CREATE R\/bin-0\.staged|^RENAME R\/bin-0-tail-0|^CONCAT|^RENAME R\/bin-0\.staged /.test(name);
  const isTurn = (name: string): boolean => /^CONCAT|^RENAME R\/bin-0\.staged /.test(name);
  const cases = mutations.flatMap(({ name, nth }, index) => {
    if (fullMatrix) return (['before', 'after'] as const).map((when) => ({ name, nth, when, index }));
    if (!isSwap(name)) return [];
    // At the two that readers can see, both sides count; elsewhere they take turns.
    if (isTurn(name)) return (['before', 'after'] as const).map((when) => ({ name, nth, when, index }));
    return [{ name, nth, when: index % 2 === 0 ? ('before' as const) : ('after' as const), index }];
  });
  assert.ok(
    cases.filter(({ name }) => isTurn(name)).length >= 4,
    mutations.map(({ name }) => name).join('\n'),
  );
  for (const { name, nth, when, index } of cases) {
    await t.test(`kill -9 ${when} ${name}${nth > 1 ? ` (${nth})` : ''}`, () =>
      onBench(pair, `kill-${index}-${when}`, async (bench) => {
        const { fault, takenOver } = killActive(bench, when);
        const [laid] = bench.ambush(name, nth, fault);
        const run = await bench.run(consolidateWords);
        assert.equal(laid?.times(), 1, `${name} was never reached`);
        await takenOver();
        await assertEveryRowOnce(bench, name);
        assert.equal(run.exit, 0, run.stderr);
        assert.equal(endingOf(run), 'small-files');
        await assertSettled(bench, `kill -9 ${when} ${name}`);
      }),
    );
  }
});

test('a run goes on through a graceful failover', { skip }, async (t) => {
  if (pair === undefined) return;
  const failOver = (bench: HaBench) => async (): Promise<void> =>
    bench.pair.failOver(bench.first, bench.second);

  await t.test('that comes before the fold', () =>
    onBench(pair, 'graceful', async (bench) => {
      const [laid] = bench.ambush('CONCAT P/merged-0', 1, {
        kind: 'call',
        when: 'before',
        action: failOver(bench),
      });
      const run = await bench.run(consolidateWords);
      assert.equal(laid?.times(), 1);
      assert.equal(run.exit, 0, run.stderr);
      await assertSettled(bench, 'a graceful failover before the fold');
    }),
  );

  await t.test('between the two steps of an upload, whose first a standby does not refuse', () =>
    onBench(pair, 'upload', async (bench) => {
      const laid = bench.proxies[bench.first].ambush(
        ({ to, op, path }) => to === 'namenode' && op === 'CREATE' && path.endsWith('bin-0.staged'),
        { kind: 'call', when: 'before', action: failOver(bench) },
      );
      const run = await bench.run(consolidateWords);
      assert.equal(laid.times(), 1);
      assert.equal(run.exit, 0, run.stderr);
      await assertSettled(bench, 'a failover in the middle of an upload');
    }),
  );

  if (!fullMatrix) return;
  await t.test('from a NameNode that hangs', () =>
    onBench(pair, 'hangs', async (bench) => {
      let release = (): void => {};
      const until = new Promise<void>((resolve) => {
        release = resolve;
      });
      const proxy = bench.proxies[bench.first];
      const laid = proxy.ambush(({ op }) => op === 'CONCAT', {
        kind: 'call',
        when: 'before',
        action: async () => {
          proxy.ambush(() => true, { kind: 'pause', when: 'before', until }, { times: Infinity });
          await failOver(bench)();
          await until;
        },
        andThen: 'break',
      });
      try {
        const run = await bench.run(consolidateWords, { HDFS_TIMEOUT_SECONDS: '10' });
        assert.equal(laid.times(), 1);
        assert.equal(run.exit, 0, run.stderr);
      } finally {
        release();
      }
      await assertEveryRowOnce(bench, 'a NameNode that hangs');
    }),
  );
});

if (fullMatrix) {
  test('an observer, which answers questions, is asked none', { skip }, async () => {
    if (pair === undefined) return;
    await onBench(pair, 'observer', async (bench) => {
      await pair.observe(bench.second, true);
      const { proxies, second } = bench;
      try {
        const { body } = await hdfs(proxies[second], { method: 'GET', op: 'GETFILESTATUS', path: '/' });
        assert.match(body.toString(), /DIRECTORY/, 'it does answer');
        proxies[second].reset();
        const run = await bench.run(consolidateWords);
        assert.equal(run.exit, 0, run.stderr);
        assert.deepEqual(
          proxies[second].requests.map(({ op }) => op),
          ['SETTIMES'],
        );
      } finally {
        await pair.observe(second, false);
      }
      await assertSettled(bench, 'a run beside an observer');
    });
  });
}

test('the doctor says which NameNode is active, which one is down, and that none is active', {
  skip,
}, async () => {
  if (pair === undefined) return;
  await onBench(pair, 'doctor', async ({ base, first, second }) => {
    const look = async (...words: readonly string[]) =>
      doctor(['--base-path', `hdfs://ha${base}`, ...words], {
        HADOOP_USER_NAME: pair.superuser,
        HADOOP_CONF_DIR: await pair.clientConf(),
        HDFS_FAILOVER_SECONDS: '1',
        MAX_RETRIES: '0',
      });
    const origin = (id: NameNodeId): string => `http://127.0.0.1:${pair.nameNodes[id].httpPort}`;
    const well = await look();
    assert.equal(well.exit, 0, JSON.stringify(well.checks.filter(({ verdict }) => verdict === 'bad')));
    assert.equal(well.verdict('NameNodes'), 'good');
    const text = well.text('NameNodes');
    assert.ok(text.includes(`${origin(first)} is active`), text);
    assert.ok(text.includes(`${origin(second)} is standby`), text);
    assert.match(well.text('reachable'), new RegExp(`^${origin(first)} answers`));

    await pair.kill(first);
    const passive = await look();
    assert.equal(passive.exit, 10);
    assert.match(passive.text('reachable'), /no NameNode of hdfs:\/\/ha is active/);
    assert.equal(passive.verdict('NameNodes'), 'bad');
    assert.match(passive.text('NameNodes'), /is standby.* next: none is active: see hdfs haadmin/);

    await pair.activate(second);
    const alone = await look();
    assert.equal(alone.exit, 0, JSON.stringify(alone.checks.filter(({ verdict }) => verdict === 'bad')));
    assert.equal(alone.verdict('NameNodes'), 'warning');
    assert.ok(alone.text('NameNodes').includes(`${origin(second)} is active`), alone.text('NameNodes'));
    assert.match(alone.text('NameNodes'), /next: a failover to that one would fail/);
  });
});

test('with both NameNodes down a run ends in good time and with the originals as they were', {
  skip,
}, async (t) => {
  if (pair === undefined) return;
  const journal = 'RENAME R/journal.json.staged → R/journal.json';
  const within = fullMatrix ? ([['CONCAT P/merged-0', 14]] as const) : [];
  for (const [step, exit] of [[journal, 10] as const, ...within]) {
    await t.test(step, () =>
      onBench(pair, `both-${exit}`, async (bench) => {
        const [laid] = bench.ambush(step, 1, {
          kind: 'call',
          when: 'before',
          action: async () => {
            await Promise.all([bench.pair.kill('nn1'), bench.pair.kill('nn2')]);
          },
          andThen: 'break',
        });
        const startMs = performance.now();
        const run = await bench.runApart(consolidateWords, { HDFS_FAILOVER_SECONDS: '2' });
        assert.equal(laid?.times(), 1);
        assert.equal(run.exit, exit, run.stderr);
        assert.match(run.stderr, /no NameNode of hdfs:\/\/ha is active, after looking for one for \d s: /);
        assert.ok(performance.now() - startMs < 120_000);
        // The very first contact fails as clearly.
        const next = await bench.run(consolidateWords, { HDFS_FAILOVER_SECONDS: '1' });
        assert.equal(next.exit, 10);
        await pair.settle(bench.second);
        await bench.run(['recover', '--dry-run']);
        assert.match(await stateOf(bench), /^6 of 6 inputs/);
        await assertEveryRowOnce(bench, 'both down');
        const recovered = await bench.run(['recover']);
        assert.equal(recovered.exit, 0, recovered.stderr);
        await assertEveryRowOnce(bench, 'recovered from both down');
        const again = await bench.run(consolidateWords);
        assert.equal(again.exit, 0, again.stderr);
        await assertSettled(bench, 'both down');
      }),
    );
  }
});
