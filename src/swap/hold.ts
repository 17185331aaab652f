import { numberAt, parsedJson, textAt } from '../core/json-fields.ts';
import { holdPath, join, stagedName } from '../partition/names.ts';
import type { Store } from '../store/store.ts';
import { deleteFileSurely, readText, writeInPlace } from './sure-steps.ts';

/** Why a partition is left alone until `--force`. */
export interface Hold {
  /** The run that was undone. */
  readonly undoneRunId: string;
  /** The undo. */
  readonly runId: string;
  /** Store time, milliseconds since 1970. */
  readonly sinceMs: number;
}

/**
 * The hold on a partition that was undone; undefined when it is free. A hold file that cannot be understood still
 * holds: its facts are then empty.
 */
export async function isOnHold(store: Store, basePath: string, date: string): Promise<Hold | undefined> {
  const text = await readText(store, holdPath(basePath, date));
  return text === undefined ? undefined : parseHold(text);
}

/** Lifts the hold. */
export async function clearHold(store: Store, basePath: string, date: string): Promise<void> {
  await deleteFileSurely(store, holdPath(basePath, date));
}

/** Puts a partition on hold, for the reason of now. `ownRunDirectory` is that of the run that does it. */
export async function putOnHold(
  store: Store,
  basePath: string,
  date: string,
  hold: Hold,
  ownRunDirectory: string,
): Promise<void> {
  const path = holdPath(basePath, date);
  await deleteFileSurely(store, path);
  const staged = join(ownRunDirectory, stagedName('hold'));
  await writeInPlace(store, path, `${JSON.stringify(hold)}\n`, staged);
}

function parseHold(text: string): Hold {
  const parsed = parsedJson(text);
  return {
    undoneRunId: textAt(parsed, 'undoneRunId') ?? '',
    runId: textAt(parsed, 'runId') ?? '',
    sinceMs: numberAt(parsed, 'sinceMs') ?? 0,
  };
}
