import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Store } from '../../src/store/store.ts';
import { faultStore, tells } from './fault-store.ts';
import { makeFixture, memoryDirectory } from './swap-fixture.ts';
import { actUnderFault, assertSettled, modes, recover, type Scenario } from './swap-scenarios.ts';

/**
 * Tests, one for each scenario and kind of fault, in which every mutation meets that fault once, and all is well after `recover`.
 * @param rehearsed is shown the mutations of a scenario in which nothing goes wrong
 */
export function testEveryFault(
  scenarios: readonly Scenario[],
  makeStore: () => Store,
  rehearsed: (trail: readonly string[]) => void = () => {},
): void {
  for (const scenario of scenarios) {
    for (const mode of modes) {
      it(`${scenario.name}: ${mode}`, async () => {
        const trail = await rehearse(scenario, makeStore);
        rehearsed(trail);
        let reached = 0;
        for (let at = 1; at <= trail.length + 1; at++) {
          if (!tells(mode, trail[at - 1] ?? '')) continue;
          const when = `${scenario.name}, ${mode} at mutation ${at}`;
          const fixture = makeFixture(memoryDirectory());
          try {
            await scenario.prepare(makeStore(), fixture);
            const store = await actUnderFault(scenario, fixture, at, mode, makeStore);
            const step = `${when}: ${store.trail[at - 1]}`;
            assert.equal(store.reached(), at <= trail.length, step);
            if (store.reached()) reached++;
            await recover(makeStore(), fixture, step);
            await assertSettled(scenario, fixture, step, makeStore);
          } finally {
            fixture.remove();
          }
        }
        assert.ok(reached > 5, `only ${reached} faults`);
      });
    }
  }
}

/** The mutations of the scenario when nothing goes wrong. */
async function rehearse(scenario: Scenario, makeStore: () => Store): Promise<readonly string[]> {
  const fixture = makeFixture(memoryDirectory());
  try {
    await scenario.prepare(makeStore(), fixture);
    const store = faultStore(makeStore());
    await scenario.act(store, fixture);
    return store.trail;
  } finally {
    fixture.remove();
  }
}
