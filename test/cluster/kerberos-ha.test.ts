import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '../cli/cli-process.ts';
import { assertEveryRowOnce, consolidateWords, endingOf } from '../hdfs/fault-bench.ts';
import { fullMatrix } from '../hdfs/full-matrix.ts';
import { type HaPair, type NameNodeId, startHaPair } from '../support/ha-pair.ts';
import { kerberosModules, skipWithoutKerberos } from '../support/kerberos-module.ts';
import { type KerberosRealm, startRealm } from '../support/kerberos-realm.ts';
import { type DoctorReport, doctorReport } from './doctor-report.ts';
import { assertSettled, type HaBench, killActive, makeHaBench } from './ha-bench.ts';

/**
 * Two NameNodes that believe nobody without Kerberos, and a real KDC. A delegation token is good at both of them: the one
 * that takes over has read of it in the journal.
 */
const skip = skipWithoutKerberos();
const limit = { skip, timeout: 300_000 } as const;
let realm: KerberosRealm;
let pair: HaPair;
let keytab: string;

before(
  async () => {
    if (skip !== false) return;
    realm = await startRealm();
    keytab = await realm.keytab('etl.keytab', 'etl');
    pair = await startHaPair(realm);
  },
  { timeout: 300_000 },
);

after(async () => {
  await pair?.stop();
  await realm?.stop();
});

const withKeytab = (): readonly string[] => ['--keytab', keytab, '--principal', 'etl'];

const environment = (ticket = '/nonexistent'): Record<string, string> => ({
  ...realm.env,
  NODE_PATH: kerberosModules,
  KRB5CCNAME: ticket,
});

async function onBench(name: string, work: (bench: HaBench) => Promise<void>): Promise<void> {
  const bench = await makeHaBench(pair, name, { owner: 'etl', words: withKeytab(), env: environment() });
  try {
    await work(bench);
  } finally {
    await bench.close();
  }
}

/** The tokens that calls to NameNodes went with, and how many calls to the one that took over did. */
function tokensOf(bench: HaBench): { readonly tokens: number; readonly afterwards: number } {
  const used = (id: NameNodeId): readonly string[] =>
    bench.proxies[id].requests
      .filter(({ to }) => to === 'namenode')
      .flatMap(({ params }) => params.get('delegation') ?? []);
  const [first, second] = [used(bench.first), used(bench.second)];
  return { tokens: new Set([...first, ...second]).size, afterwards: second.length };
}

test(
  'a graceful failover in the middle of a run: the token of one NameNode is good at the other',
  limit,
  () =>
    onBench('graceful', async (bench) => {
      const [laid] = bench.ambush('CONCAT P/merged-0', 1, {
        kind: 'call',
        when: 'before',
        action: () => pair.failOver(bench.first, bench.second),
      });
      const run = await bench.run(consolidateWords);
      assert.equal(laid?.times(), 1);
      assert.equal(run.exit, 0, run.stderr);
      const { tokens, afterwards } = tokensOf(bench);
      assert.equal(tokens, 1, 'no other token was needed');
      assert.ok(afterwards > 3, `${afterwards} calls with it`);
      await assertSettled(bench, 'a graceful failover');
    }),
);

test('a run goes on when the active NameNode is killed at a step of the swap', limit, async (t) => {
  const fold = 'CONCAT P/merged-0';
  const replace = 'RENAME R/bin-0.staged → P/merged-0';
  const cases = [
    { step: fold, when: 'before', always: false },
    { step: fold, when: 'after', always: true },
    { step: replace, when: 'before', always: false },
    { step: replace, when: 'after', always: false },
  ] as const;
  for (const { step, when } of cases.filter(({ always }) => always || fullMatrix)) {
    await t.test(`kill -9 ${when} ${step}`, () =>
      onBench(`kill-${when}-${step.slice(0, 6)}`, async (bench) => {
        const { fault, takenOver } = killActive(bench, when);
        const [laid] = bench.ambush(step, 1, fault);
        const run = await bench.run(consolidateWords);
        assert.equal(laid?.times(), 1, `${step} was never reached`);
        await takenOver();
        await assertEveryRowOnce(bench, step);
        assert.equal(run.exit, 0, run.stderr);
        assert.equal(endingOf(run), 'small-files');
        // Another one where it took over just after it had said that it does not know the first.
        assert.ok(tokensOf(bench).tokens <= 2, `${tokensOf(bench).tokens} tokens`);
        await assertSettled(bench, `kill -9 ${when} ${step}`);
      }),
    );
  }
});

async function doctor(base: string, words: readonly string[], ticket?: string): Promise<DoctorReport> {
  const args = ['doctor', '--output', 'json', '--base-path', `hdfs://ha${base}`, ...words];
  const env = { ...environment(ticket), HADOOP_CONF_DIR: await pair.clientConf(), MAX_RETRIES: '0' };
  return doctorReport(await runCli(args, { env }));
}

test(
  'the doctor: who is active, as whom it asks; an expired ticket, wrong principals, a NameNode that is down',
  limit,
  () =>
    onBench('doctor', async ({ base, first, second }) => {
      const [active, standby] = [first, second].map(
        (id) => `http://localhost:${pair.nameNodes[id].httpPort}`,
      );
      const bob = await realm.keytab('bob.keytab', 'bob');
      const short = await realm.ticket('short', 'etl', keytab, '1s');
      const [well, unknown, other, expired] = await Promise.all([
        doctor(base, withKeytab()),
        doctor(base, ['--keytab', keytab, '--principal', 'nobody']),
        doctor(base, ['--keytab', bob, '--principal', 'bob']),
        sleep(2_000).then(() => doctor(base, [], short)),
      ]);
      assert.equal(well.exit, 0, JSON.stringify(well.checks.filter(({ verdict }) => verdict === 'bad')));
      assert.equal(well.verdict('NameNodes'), 'good');
      const nodes = well.text('NameNodes');
      assert.ok(nodes.includes(`${active} is active`) && nodes.includes(`${standby} is standby`), nodes);
      assert.match(
        well.text('authentication'),
        /^proves to be etl(@EXAMPLE\.COM)? by a delegation token; good for another /,
      );
      assert.match(well.text('user'), /takes it for etl;/);
      for (const name of ['concat', 'replace', 'delete']) assert.equal(well.verdict(name), 'good', name);

      assert.equal(expired.exit, 10);
      assert.match(expired.text('reachable'), /the Kerberos ticket has expired.* next: .*kinit/);
      assert.equal(expired.verdict('create'), 'not-tried');

      assert.equal(unknown.exit, 10);
      assert.match(
        unknown.text('reachable'),
        /as nobody: no ticket can be had from the keytab.* next: .*klist -k/,
      );

      assert.equal(other.exit, 10);
      assert.match(other.text('user'), /takes it for bob/);
      assert.match(other.text('access'), /^bob may not write in/);

      await pair.kill(second);
      const alone = await doctor(base, withKeytab());
      assert.equal(alone.exit, 0, JSON.stringify(alone.checks.filter(({ verdict }) => verdict === 'bad')));
      assert.equal(alone.verdict('NameNodes'), 'warning');
      assert.match(alone.text('NameNodes'), /is active.* next: a failover to that one would fail/);
      await pair.start(second);
    }),
);
