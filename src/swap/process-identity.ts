import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Which process holds a lock: enough to tell, on the same machine, whether it still runs. Plain JSON. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Of the running kernel; absent where there is no /proc. */
  readonly bootId?: string;
  /** `pid:[4026531836]`: numbers of processes mean something only within one. */
  readonly pidNamespace?: string;
  /** Clock ticks since boot at which the process started: tells it from a later one with the same number. */
  readonly startTicks?: string;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  const bootId = readProc('/proc/sys/kernel/random/boot_id')?.trim();
  const pidNamespace = namespaceOfThisProcess();
  const startTicks = processState(process.pid)?.startTicks;
  return {
    host: hostname(),
    pid: process.pid,
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(startTicks === undefined ? {} : { startTicks }),
  };
}

/** True when the process is known to have ended; false when it runs or nobody here can know. */
export function hasEnded(identity: ProcessIdentity): boolean {
  const own = thisProcess();
  if (own.bootId === undefined || own.pidNamespace === undefined || own.startTicks === undefined)
    return false;
  if (identity.bootId !== own.bootId || identity.pidNamespace !== own.pidNamespace) return false;
  const found = processState(identity.pid);
  // A zombie has ended; its parent just has not looked yet.
  return found === undefined || found.startTicks !== identity.startTicks || /^[ZX]$/i.test(found.state);
}

function processState(pid: number): { state: string; startTicks: string } | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  // proc(5): "pid (name) state ppid …"; the name may itself hold blanks and parentheses. Start time is field 22.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields?.[0];
  const startTicks = fields?.[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

function namespaceOfThisProcess(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // No /proc here: age alone tells whether a lock is dead.
    return undefined;
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No such process, or no /proc here.
    return undefined;
  }
}
