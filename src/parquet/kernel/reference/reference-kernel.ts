import type { Kernel } from '../kernel.ts';
import { dictionaryReference } from './dictionary.ts';
import { digestReference } from './digest.ts';
import { extremesReference } from './extremes.ts';
import { hybridReference } from './hybrid.ts';
import { levelsReference } from './levels.ts';
import { snappyReference } from './snappy.ts';
import { snappyEncodeReference } from './snappy-encode.ts';
import { valuesReference } from './values.ts';
import { views } from './views.ts';

/** A kernel in plain TypeScript: what the one in WebAssembly is held against, and what runs where there is none. */
export function referenceKernel(): Kernel {
  const memory = views();
  return {
    name: 'TypeScript',
    memory,
    ...dictionaryReference(memory),
    ...digestReference(memory),
    ...extremesReference(memory),
    ...hybridReference(memory),
    ...levelsReference(memory),
    ...snappyEncodeReference(memory),
    ...snappyReference(memory),
    ...valuesReference(memory),
  };
}
