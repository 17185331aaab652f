import type { ByteSink } from '../core/byte-sink.ts';
import { StoreError } from '../core/errors.ts';
import { type Placement, refOf, type Store } from '../store/store.ts';
import type { StagedPart } from '../swap/fold/fold-parts.ts';
import { createSurely } from '../swap/sure-steps.ts';

/**
 * Writes a file of the run, which is complete and, as the store proves, what was written when this resolves.
 * @param fill writes the whole file; called again when it is not known what became of the first attempt
 * @throws StoreError; what `fill` throws
 */
export async function stageFile(
  store: Store,
  path: string,
  placement: Placement | undefined,
  fill: (sink: ByteSink) => Promise<void>,
): Promise<StagedPart> {
  await createSurely(store, path, async () => {
    const sink = await store.create(path, placement);
    try {
      await fill(sink);
      await sink.close();
    } catch (error) {
      await sink.abort();
      throw error;
    }
  });
  const status = await store.stat(path);
  if (status === undefined) {
    throw new StoreError(`cannot stage ${path}: it is gone right after it was written`, {
      code: 'not-found',
      op: 'stat',
      path,
    });
  }
  return { path, ref: refOf(status) };
}
