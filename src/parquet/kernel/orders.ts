import type { SortOrder } from '../metadata/sort-order.ts';

/** Orders by the number the kernel knows them by. The same numbers stand in `assembly/extremes.ts`. */
export const orderNames: readonly SortOrder[] = [
  'boolean',
  'signed32',
  'unsigned32',
  'signed64',
  'unsigned64',
  'float32',
  'float64',
  'float16',
  'unsigned-bytes',
  'signed-bytes',
];
