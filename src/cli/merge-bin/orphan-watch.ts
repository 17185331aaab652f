import { StoreError } from '../../core/errors.ts';

/** How often it is looked who the parent is. */
const lookMs = 1_000;

/** A stop that comes when whoever started this process is gone. */
export interface OrphanWatch {
  /** Aborted then. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/**
 * Watches the process that started this one: an executor that is killed leaves its worker behind, whose answer nobody hears
 * and whose bin is done again elsewhere.
 */
export function watchParent(parentOf: () => number = () => process.ppid): OrphanWatch {
  const parent = parentOf();
  const controller = new AbortController();
  const timer = setInterval(() => {
    if (parentOf() === parent) return;
    clearInterval(timer);
    controller.abort(
      new StoreError(`process ${parent}, which started this worker, is gone: nobody waits for the bin`, {
        code: 'executor-lost',
        op: 'merge',
        path: 'executors',
        dataState: 'the originals are untouched',
      }),
    );
  }, lookMs);
  timer.unref();
  return { signal: controller.signal, dispose: () => clearInterval(timer) };
}
