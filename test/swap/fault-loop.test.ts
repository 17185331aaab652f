import { describe } from 'node:test';
import { testEveryFault } from '../support/every-fault.ts';
import { quickStore } from '../support/swap-fixture.ts';
import { scenarios } from '../support/swap-scenarios.ts';

describe('every fault at every mutation', () => {
  testEveryFault(scenarios, quickStore);
});
