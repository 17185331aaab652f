import type { EvolvedInputs } from '../evolution/evolved-inputs.ts';
import type { MemoryLimits } from '../memory-limits.ts';
import type { CompactChoice } from '../merge/compact-encoding.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { ChunkFormat } from '../write/chunk-encoder.ts';
import type { SortRequest } from './sort-request.ts';

/** What a merge is given besides its inputs. */
export interface SortedMergeSettings {
  readonly request: SortRequest;
  readonly leaves: readonly LeafColumn[];
  readonly evolved: EvolvedInputs | undefined;
  readonly formats: readonly ChunkFormat[];
  readonly compact: readonly (CompactChoice | undefined)[];
  readonly useDictionary: boolean;
  readonly rowGroupRows: number;
  readonly rowGroupBytes: number;
  readonly memory: MemoryLimits;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (rowsDone: number) => void;
}
