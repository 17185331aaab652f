import { randomInt } from 'node:crypto';
import type { Logger } from '../../core/log.ts';
import { makeRunId, trialDirectory, workspacePath } from '../../partition/names.ts';
import type { Store } from '../../store/store.ts';
import { deleteDirectorySurely, makeDirectorySurely, removeEmptySurely } from '../sure-steps.ts';
import { ensureWorkspace, workspaceMode } from '../workspace.ts';
import { type TrialFiles, trialFiles } from './trial-files.ts';

/** A directory for trying things in the dataset's workspace. */
export interface Trial {
  readonly files: TrialFiles;
  /** Full path of the directory. */
  readonly directory: string;
  /** Deletes everything that was made, the workspace too if it was not there before; throws when it cannot. */
  end(): Promise<void>;
}

/**
 * Makes the workspace if need be, and in it a directory for a trial. The caller ends it.
 * @throws StoreError, SwapError `workspace-not-private`, ConfigError `base-path-absent`
 */
export async function beginTrial(store: Store, basePath: string, log: Logger): Promise<Trial> {
  const workspace = workspacePath(basePath);
  const wasThere = (await store.stat(workspace)) !== undefined;
  const directory = trialDirectory(basePath, makeRunId(await store.nowMs(), randomInt(2 ** 24)));
  const end = async (): Promise<void> => {
    await deleteDirectorySurely(store, directory);
    // A run may have begun meanwhile: then it is not empty and stays.
    if (!wasThere) await removeEmptySurely(store, workspace);
  };
  await ensureWorkspace(store, basePath, log);
  try {
    await makeDirectorySurely(store, directory, workspaceMode);
  } catch (error) {
    await end();
    throw error;
  }
  return { files: trialFiles(store, directory), directory, end };
}
