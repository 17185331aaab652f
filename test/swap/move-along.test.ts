import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { StoreError } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { testEveryFault } from '../support/every-fault.ts';
import { type Fixture, quickStore } from '../support/swap-fixture.ts';
import { type Scenario, scenarios as usual } from '../support/swap-scenarios.ts';

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
  testEveryFault(scenarios, movingStore, (trail) => {
    assert.ok(!trail.some((what) => what.startsWith('hardLink')), 'a hard link');
  });
});
