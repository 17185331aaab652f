import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultStore, tells } from '../support/fault-store.ts';
import { makeFixture, memoryDirectory, quickStore } from '../support/swap-fixture.ts';
import {
  actUnderFault,
  assertSettled,
  modes,
  recover,
  type Scenario,
  scenarios,
} from '../support/swap-scenarios.ts';

describe('every fault at every mutation', () => {
  for (const scenario of scenarios) {
    for (const mode of modes) {
      it(`${scenario.name}: ${mode}`, async () => {
        const rehearsed = await rehearse(scenario);
        let reached = 0;
        for (let at = 1; at <= rehearsed.length + 1; at++) {
          if (!tells(mode, rehearsed[at - 1] ?? '')) continue;
          const when = `${scenario.name}, ${mode} at mutation ${at}`;
          const fixture = makeFixture(memoryDirectory());
          try {
            await scenario.prepare(quickStore(), fixture);
            const store = await actUnderFault(scenario, fixture, at, mode);
            const step = `${when}: ${store.trail[at - 1]}`;
            assert.equal(store.reached(), at <= rehearsed.length, step);
            if (store.reached()) reached++;
            await recover(quickStore(), fixture, step);
            await assertSettled(scenario, fixture, step);
          } finally {
            fixture.remove();
          }
        }
        assert.ok(reached > 5, `only ${reached} faults`);
      });
    }
  }
});

/** The mutations of the scenario when nothing goes wrong. */
async function rehearse(scenario: Scenario): Promise<readonly string[]> {
  const fixture = makeFixture(memoryDirectory());
  try {
    await scenario.prepare(quickStore(), fixture);
    const store = faultStore(quickStore());
    await scenario.act(store, fixture);
    return store.trail;
  } finally {
    fixture.remove();
  }
}
