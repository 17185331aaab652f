import type { ByteSink } from '../../src/core/byte-sink.ts';
import { StoreError } from '../../src/core/errors.ts';
import type { Store } from '../../src/store/store.ts';

/**
 * What goes wrong at the chosen mutation. fail: refused, nothing done. crash: the process dies before it. crash-half: it
 * dies in the middle (a rename by link left both names, half the bytes are written, half a tree is deleted).
 * lost: done, but the reply is lost. unknown: not done, and nobody knows. no-space: refused as a full disk does, also for
 * every later write. read-only: this and every later mutation refused. down: every later call refused, reads too.
 * kill: SIGKILL for real.
 */
export type FaultMode =
  | 'fail'
  | 'crash'
  | 'crash-half'
  | 'lost'
  | 'unknown'
  | 'no-space'
  | 'read-only'
  | 'down'
  | 'kill';

/** False for a mutation (as in the trail) at which this mode does nothing that another mode does not do. */
export function tells(mode: FaultMode, what: string): boolean {
  if (mode === 'no-space') return /^(create|write|makeDirectory) /.test(what);
  if (mode === 'crash-half') return /^(create|write|rename|deleteDirectory) /.test(what);
  return true;
}

/** Thrown in place of everything that would happen after the process died. Deliberately none of the program's errors. */
export class SimulatedCrash extends Error {}

export interface FaultStore extends Store {
  /** How many mutations were begun. */
  mutations(): number;
  /** True when the fault was reached. */
  reached(): boolean;
  /** What was mutated, in order. */
  readonly trail: readonly string[];
}

export interface FaultOptions {
  /** Number of the mutation, from 1. */
  readonly at?: number;
  readonly mode?: FaultMode;
  /** Called after every mutation that took place. */
  readonly afterMutation?: (what: string) => void;
}

export function faultStore(inner: Store, options: FaultOptions = {}): FaultStore {
  let count = 0;
  let dead = false;
  let full = false;
  let isReadOnly = false;
  let isDown = false;
  let reached = false;
  const trail: string[] = [];

  const alive = (op: string, path: string): void => {
    if (dead) throw new SimulatedCrash('the process is dead');
    if (isDown) throw injected('down', op, path);
  };

  const mutate = async <T>(
    op: string,
    path: string,
    work: () => Promise<T>,
    half: () => Promise<unknown> = async () => {},
  ): Promise<T> => {
    alive(op, path);
    count++;
    const what = `${op} ${path}`;
    trail.push(what);
    if (isReadOnly) throw injected('read-only', op, path);
    const needsSpace = op === 'create' || op === 'write' || op === 'makeDirectory';
    if (full && needsSpace) throw injected('no-space', op, path);
    if (count === options.at) {
      reached = true;
      switch (options.mode) {
        case 'fail':
          throw injected('fail', op, path);
        case 'no-space':
          full = true;
          if (needsSpace) throw injected('no-space', op, path);
          break;
        case 'read-only':
          isReadOnly = true;
          throw injected('read-only', op, path);
        case 'down':
          isDown = true;
          throw injected('down', op, path);
        case 'unknown':
          throw injected('unknown', op, path);
        case 'lost':
          await work();
          options.afterMutation?.(what);
          throw injected('lost', op, path);
        case 'crash-half':
          await half();
          options.afterMutation?.(what);
          dead = true;
          throw new SimulatedCrash(what);
        case 'kill':
          process.kill(process.pid, 'SIGKILL');
          break;
        default:
          dead = true;
          throw new SimulatedCrash(what);
      }
    }
    const result = await work();
    options.afterMutation?.(what);
    return result;
  };

  const sinkOf = (path: string, sink: ByteSink): ByteSink => ({
    name: sink.name,
    write: (bytes) =>
      mutate(
        'write',
        path,
        () => sink.write(bytes),
        () => sink.write(bytes.subarray(0, bytes.length >> 1)),
      ),
    close: () => mutate('close', path, () => sink.close()),
    abort: () => sink.abort(),
  });

  const read = async <T>(op: string, path: string, work: () => Promise<T>): Promise<T> => {
    alive(op, path);
    return await work();
  };

  return {
    uri: inner.uri,
    abilities: inner.abilities,
    trail,
    mutations: () => count,
    reached: () => reached,
    nowMs: () => read('now', '', () => inner.nowMs()),
    list: (path, range) => read('list', path, () => inner.list(path, range)),
    stat: (path) => read('stat', path, () => inner.stat(path)),
    open: (path, expected) => read('open', path, () => inner.open(path, expected)),
    makeDirectory: (path, mode) => mutate('makeDirectory', path, () => inner.makeDirectory(path, mode)),
    create: (path, placement) =>
      mutate(
        'create',
        path,
        async () => sinkOf(path, await inner.create(path, placement)),
        async () => {
          await (await inner.create(path)).close();
        },
      ),
    rename: (from, to) =>
      mutate(
        'rename',
        `${from} ${to}`,
        () => inner.rename(from, to),
        async () => {
          const isByLink = inner.abilities.hardLink && (await inner.stat(from))?.kind === 'file';
          if (isByLink) await inner.hardLink(from, to);
        },
      ),
    hardLink: (from, to) => mutate('hardLink', `${from} ${to}`, () => inner.hardLink(from, to)),
    concat: (target, sources) =>
      mutate('concat', `${target} ${sources.join(' ')}`, () => inner.concat(target, sources)),
    replaceFile: (from, to, replacedId) =>
      mutate('replaceFile', `${from} ${to}`, () => inner.replaceFile(from, to, replacedId)),
    deleteFile: (path) => mutate('deleteFile', path, () => inner.deleteFile(path)),
    deleteDirectory: (path) =>
      mutate(
        'deleteDirectory',
        path,
        () => inner.deleteDirectory(path),
        () => deleteHalf(inner, path),
      ),
    removeEmptyDirectory: (path) =>
      mutate('removeEmptyDirectory', path, () => inner.removeEmptyDirectory(path)),
    setAttributes: (path, attributes) =>
      mutate('setAttributes', path, () => inner.setAttributes(path, attributes)),
    touch: (path) => mutate('touch', path, () => inner.touch(path)),
  };
}

async function deleteHalf(inner: Store, path: string): Promise<void> {
  const entries = (await inner.list(path)) ?? [];
  for (const entry of entries.slice(0, Math.ceil(entries.length / 2))) {
    await (entry.kind === 'directory' ? inner.deleteDirectory(entry.path) : inner.deleteFile(entry.path));
  }
}

function injected(mode: FaultMode, op: string, path: string): StoreError {
  const code = mode === 'no-space' || mode === 'read-only' ? mode : 'injected';
  return new StoreError(`cannot ${op} ${path}: injected fault (${mode})`, {
    code,
    op,
    path,
    outcomeUnknown: mode === 'unknown' || mode === 'lost',
    ...(mode === 'no-space' ? { status: 'ENOSPC' } : {}),
  });
}
