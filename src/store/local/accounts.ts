import { readFileSync } from 'node:fs';

/** Names of users or groups by number and back, as `/etc/passwd` or `/etc/group` has them. */
export interface Accounts {
  /** The name of `id`, or the number as text when there is none. */
  nameOf(id: number): string;
  /** The number of `name`, which may itself be a number as text; undefined when nobody has that name. */
  idOf(name: string): number | undefined;
}

/**
 * Accounts read from a file in the form of passwd(5) or group(5), at first use and once. Accounts that only a
 * directory service knows stay numbers. No such file (as in bare containers): everything stays a number.
 */
export function accountsFrom(file: string): Accounts {
  let names: Map<number, string> | undefined;
  const load = (): Map<number, string> => {
    if (names !== undefined) return names;
    names = new Map();
    for (const line of readLines(file)) {
      const [name, , id] = line.split(':');
      const number = Number(id);
      if (name && id && Number.isInteger(number) && !names.has(number)) names.set(number, name);
    }
    return names;
  };
  return {
    nameOf: (id) => load().get(id) ?? String(id),
    idOf: (name) => {
      for (const [id, known] of load()) if (known === name) return id;
      return /^\d+$/.test(name) ? Number(name) : undefined;
    },
  };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    // The file is a convenience: without it owners show as numbers.
    return [];
  }
}
