import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { faultStore, tells } from '../support/fault-store.ts';
import { type Fixture, makeFixture, memoryDirectory, quickStore } from '../support/swap-fixture.ts';
import {
  actUnderFault,
  assertSettled,
  modes,
  recover,
  type Scenario,
  scenarios as usual,
} from '../support/swap-scenarios.ts';

/** A store as HDFS is with `--swap rename`: directories are renamed, and no file has two names. */
function movingStore(): Store {
  const store = quickStore();
  return {
    ...store,
    abilities: { ...store.abilities, hardLink: false, moveAlong: true },
    hardLink: (from) =>
      Promise.reject(new StoreError(`no links: ${from}`, { code: 'not-supported', op: 'link', path: from })),
  };
}

/** The bytes are back, in files of their own; their times are those of the copies. */
function contentIsBack(fixture: Fixture): boolean {
  return [...fixture.inputs].every(([name, content]) => {
    const path = join(fixture.partition, name);
    return existsSync(path) && readFileSync(path, 'utf8') === content;
  });
}

const scenarios: readonly Scenario[] = usual.map((scenario) =>
  scenario.name === 'undo'
    ? { ...scenario, finally: (fixture, when) => assert.ok(contentIsBack(fixture), when) }
    : scenario,
);

describe('every fault at every mutation of a swap that moves along what stays', () => {
  for (const scenario of scenarios) {
    for (const mode of modes) {
      it(`${scenario.name}: ${mode}`, async () => {
        const rehearsed = await rehearse(scenario);
        assert.ok(!rehearsed.some((what) => what.startsWith('hardLink')), 'a hard link');
        let reached = 0;
        for (let at = 1; at <= rehearsed.length + 1; at++) {
          if (!tells(mode, rehearsed[at - 1] ?? '')) continue;
          const when = `${scenario.name}, ${mode} at mutation ${at}`;
          const fixture = makeFixture(memoryDirectory());
          try {
            await scenario.prepare(movingStore(), fixture);
            const store = await actUnderFault(scenario, fixture, at, mode, movingStore);
            const step = `${when}: ${store.trail[at - 1]}`;
            assert.equal(store.reached(), at <= rehearsed.length, step);
            if (store.reached()) reached++;
            await recover(movingStore(), fixture, step);
            await assertSettled(scenario, fixture, step, movingStore);
          } finally {
            fixture.remove();
          }
        }
        assert.ok(reached > 5, `only ${reached} faults`);
      });
    }
  }
});

async function rehearse(scenario: Scenario): Promise<readonly string[]> {
  const fixture = makeFixture(memoryDirectory());
  try {
    await scenario.prepare(movingStore(), fixture);
    const store = faultStore(movingStore());
    await scenario.act(store, fixture);
    return store.trail;
  } finally {
    fixture.remove();
  }
}
