import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Decision, diagnose, type Observed } from '../../src/swap/directories/diagnose.ts';

const both = [false, true];

function everyState(): Observed[] {
  const states: Observed[] = [];
  for (const partition of ['absent', 'original', 'new', 'foreign'] as const)
    for (const hasOld of both)
      for (const hasNew of both)
        for (const oldUnchanged of both)
          for (const newComplete of both)
            for (const hasLate of both)
              states.push({ partition, hasOld, hasNew, oldUnchanged, newComplete, hasLate });
  return states;
}

describe('diagnose', () => {
  const table: readonly (readonly [Partial<Observed> & Pick<Observed, 'partition'>, Decision])[] = [
    [{ partition: 'original', hasNew: true }, 'roll-back'],
    [{ partition: 'original' }, 'roll-back'],
    [{ partition: 'absent', hasOld: true, hasNew: true, oldUnchanged: true, newComplete: true }, 'place-new'],
    [
      { partition: 'absent', hasOld: true, hasNew: true, oldUnchanged: false, newComplete: true },
      'place-old',
    ],
    [
      { partition: 'absent', hasOld: true, hasNew: true, oldUnchanged: true, newComplete: false },
      'place-old',
    ],
    [{ partition: 'new', hasOld: true }, 'finish'],
    [{ partition: 'new' }, 'finish'],
    [{ partition: 'foreign', hasOld: true, hasNew: true }, 'foreign'],
    [{ partition: 'foreign', hasOld: true }, 'overwritten'],
    [{ partition: 'foreign', hasNew: true }, 'roll-back'],
    [{ partition: 'absent', hasOld: true }, 'foreign'],
    [{ partition: 'absent', hasNew: true }, 'roll-back'],
    [{ partition: 'absent', hasLate: true }, 'foreign'],
  ];
  const nothing = { hasOld: false, hasNew: false, oldUnchanged: false, newComplete: false, hasLate: false };
  for (const [state, decision] of table) {
    it(`${JSON.stringify(state)} → ${decision}`, () => {
      assert.equal(diagnose({ ...nothing, ...state }), decision);
    });
  }

  it('never deletes what was made while the old files are not in the partition', () => {
    for (const state of everyState()) {
      const decision = diagnose(state);
      // There cannot be an original both in its place and in old/.
      if (decision === 'roll-back' && state.partition !== 'original') assert.equal(state.hasOld, false);
    }
  });

  it('never puts anything in the place of a directory that is there', () => {
    for (const state of everyState()) {
      if (state.partition !== 'absent') assert.doesNotMatch(diagnose(state), /^place/);
    }
  });

  it('moves forward only when both sides were looked at and found as they must be', () => {
    for (const state of everyState()) {
      if (diagnose(state) === 'place-new') assert.ok(state.oldUnchanged && state.newComplete);
    }
  });
});
