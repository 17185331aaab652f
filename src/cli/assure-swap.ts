import { ConfigError, StoreError } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import { join, workspacePath } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { beginTrial } from '../swap/trial/begin-trial.ts';
import { trialSteps } from '../swap/trial/trial-steps.ts';

/** Without these two no listing shows every row once at any moment. */
const atomic = new Set(['concat', 'replace']);

/**
 * Behind a gateway, tries once for the whole run what a swap is made of, on files of no worth in the workspace: what a
 * gateway lets through is not to be told by its name. A NameNode does all of it, and nothing is tried there.
 * @throws ConfigError `no-atomic-swap` with the reason, and what to type; StoreError where not even a file can be written
 */
export async function assureSwap(store: Store, basePath: string, log: Logger): Promise<void> {
  if (!store.abilities.fold || store.isGateway === undefined) return;
  if (!(await store.isGateway(join(workspacePath(basePath), 'never-made.staged')))) return;
  const refusals = await tried(store, basePath, log);
  if (refusals.length === 0) {
    log.info(`behind the gateway at ${store.uri} files can be joined and replaced in one step each`);
    return;
  }
  throw new ConfigError(
    `${store.uri} is reached through a gateway (HttpFS, Knox), which does not let files be replaced so that readers see every row at ` +
      `any moment: ${refusals.join('; ')}`,
    {
      code: 'no-atomic-swap',
      hint:
        'name the NameNode itself; or, where readers may find no partition for some milliseconds, use --swap rename ' +
        '(consolidation.swap: rename)',
      dataState: 'nothing was touched',
    },
  );
}

/** What did not work of that, each as a sentence. */
async function tried(store: Store, basePath: string, log: Logger): Promise<readonly string[]> {
  const trial = await beginTrial(store, basePath, log);
  const refusals: string[] = [];
  try {
    for (const step of trialSteps(store, trial.files)) {
      try {
        log.debug(`trial of ${step.name}: ${await step.attempt()}`);
      } catch (error) {
        // Whatever else does not work will be said when it is needed.
        if (!(error instanceof StoreError) || !atomic.has(step.name)) throw error;
        refusals.push(error.message);
      }
    }
  } finally {
    await trial.end();
  }
  return refusals;
}
