import type { Kernel } from '../kernel.ts';
import { appendChunksReference } from './append-chunks.ts';
import { deltaReference } from './delta.ts';
import { dictionaryReference } from './dictionary.ts';
import { digestReference } from './digest.ts';
import { evolutionReference } from './evolution.ts';
import { extremesReference } from './extremes.ts';
import { hybridReference } from './hybrid.ts';
import { joinedReference } from './joined.ts';
import { levelsReference } from './levels.ts';
import { lz4Reference } from './lz4.ts';
import { rowGroupsReference } from './row-groups.ts';
import { snappyReference } from './snappy.ts';
import { snappyEncodeReference } from './snappy-encode.ts';
import { splitReference } from './split.ts';
import { valuesReference } from './values.ts';
import { views } from './views.ts';
import { xxhashReference } from './xxhash.ts';

/** A kernel in plain TypeScript: what the one in WebAssembly is held against, and what runs where there is none. */
export function referenceKernel(): Kernel {
  const memory = views();
  const functions = {
    ...deltaReference(memory),
    ...dictionaryReference(memory),
    ...digestReference(memory),
    ...evolutionReference(memory),
    ...extremesReference(memory),
    ...hybridReference(memory),
    ...joinedReference(memory),
    ...levelsReference(memory),
    ...lz4Reference(memory),
    ...rowGroupsReference(memory),
    ...snappyEncodeReference(memory),
    ...snappyReference(memory),
    ...splitReference(memory),
    ...valuesReference(memory),
    ...xxhashReference(memory),
  };
  return { name: 'TypeScript', memory, ...functions, ...appendChunksReference(memory, functions) };
}
