import { StoreError, SwapError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Logger } from '../core/log.ts';
import type { FileAttributes, FileStatus, Store } from '../store/store.ts';
import { setAttributesSurely } from './sure-steps.ts';

/**
 * Gives a file or directory of ours the attributes it must have before it becomes visible. An owner that cannot be
 * set is only a warning: access goes by group and mode as well.
 * @param known as it was found just now; looked at when absent
 * @throws SwapError `attributes-not-reproducible` when mode, group or ACL cannot be set and `allowChange` is off
 */
export async function reproduceAttributes(
  store: Store,
  path: string,
  wanted: FileAttributes,
  allowChange: boolean,
  log: Logger,
  known?: FileStatus,
): Promise<void> {
  const found = known ?? (await store.stat(path));
  if (found === undefined) throw gone(path);
  if (sameAttributes(found, wanted)) return;
  const refused = await attempt(store, path, wanted);
  if (refused === undefined) return;
  const withoutOwner = await attempt(store, path, { ...wanted, owner: found.owner });
  if (withoutOwner === undefined) {
    log.warn(`${path} belongs to ${found.owner} now; its owner ${wanted.owner} could not be set`);
    return;
  }
  if (!allowChange) {
    throw new SwapError(
      `cannot give ${path} the access rights of the files it stands for: expected ${describe(wanted)}, ` +
        `found ${describe(found)}: ${withoutOwner.message}`,
      {
        code: 'attributes-not-reproducible',
        exitCode: exitCodes.storeUnreachable,
        dataState: 'the originals are untouched',
        hint: 'run as a user who is in that group, or accept the change with --allow-attribute-change',
        cause: withoutOwner,
      },
    );
  }
  const modeAlone = await attempt(store, path, { ...found, mode: wanted.mode });
  log.warn(
    `${path}: wanted ${describe(wanted)}, it has ${modeAlone === undefined ? describe({ ...found, mode: wanted.mode }) : describe(found)} (allowed by setting)`,
  );
}

const refusals = new Set(['permission-denied', 'unknown-account', 'acl-unsupported', 'attributes-refused']);

/** Sets the attributes; resolves to the error when the store refuses them, undefined when they are set. */
async function attempt(
  store: Store,
  path: string,
  attributes: FileAttributes,
): Promise<StoreError | undefined> {
  try {
    await setAttributesSurely(store, path, attributes);
    return undefined;
  } catch (error) {
    if (error instanceof StoreError && refusals.has(error.code)) return error;
    throw error;
  }
}

function sameAttributes(a: FileAttributes, b: FileAttributes): boolean {
  return (
    a.owner === b.owner && a.group === b.group && a.mode === b.mode && a.acl.join('\n') === b.acl.join('\n')
  );
}

function describe({ owner, group, mode, acl }: FileAttributes): string {
  const entries = acl.length === 0 ? '' : ` and ACL ${acl.join(' ')}`;
  return `${owner}:${group} mode ${mode.toString(8)}${entries}`;
}

function gone(path: string): SwapError {
  return new SwapError(`cannot set the attributes of ${path}: it is gone`, {
    code: 'staged-file-changed',
    dataState: 'the originals are untouched',
    hint: 'run again',
  });
}
