import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../src/core/log.ts';
import { recoverDataset } from '../../src/swap/recover.ts';
import { type FaultMode, faultStore } from '../support/fault-store.ts';
import { assertRows, endProcess, makeFixture, memoryDirectory, quickStore } from '../support/swap-fixture.ts';
import {
  actUnderFault,
  assertSettled,
  modes,
  recover,
  scenarios,
  tolerate,
} from '../support/swap-scenarios.ts';

/** SWAP_FULL_MATRIX=1 takes every pair, which takes minutes; else the second fault goes in steps that differ. */
const isFull = process.env.SWAP_FULL_MATRIX === '1';

describe('a crash at every mutation, and a fault in its recovery', () => {
  for (const scenario of scenarios) {
    it(scenario.name, async () => {
      let doubles = 0;
      for (let at = 1; ; at++) {
        const first: FaultMode = at % 2 === 0 ? 'crash' : 'crash-half';
        let reached = false;
        for (let second = isFull ? 1 : 1 + (at % 7); ; second += isFull ? 1 : 7) {
          const mode = modes[(at + second) % modes.length] ?? 'crash';
          const when = `${scenario.name}, ${first} at mutation ${at}, recovery ${mode} at ${second}`;
          const fixture = makeFixture(memoryDirectory());
          try {
            await scenario.prepare(quickStore(), fixture);
            reached = (await actUnderFault(scenario, fixture, at, first)).reached();
            const store = faultStore(quickStore(), {
              at: second,
              mode,
              afterMutation: (what) => assertRows(fixture, `after ${what}, ${when}`),
            });
            await tolerate(mode, () =>
              recoverDataset({ store, basePath: fixture.basePath, log: silentLogger }),
            );
            if (!store.reached()) break;
            doubles++;
            endProcess(fixture);
            await recover(quickStore(), fixture, when);
            await assertSettled(scenario, fixture, when);
          } finally {
            fixture.remove();
          }
        }
        if (!reached) break;
      }
      assert.ok(doubles > 20, `only ${doubles} double faults`);
    });
  }
});
