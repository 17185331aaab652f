/** One instruction of a Dockerfile, with continuation lines joined and comments left out. */
export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The instructions of each stage, by the stage's name (the last one has none: `''`); what comes before the first is `global`. */
export function stagesOf(dockerfile: string): ReadonlyMap<string, readonly Instruction[]> {
  const stages = new Map<string, Instruction[]>([['global', []]]);
  let current = 'global';
  for (const line of dockerfile
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, '')
    .split('\n')) {
    const [, word, rest] = /^([A-Z]+)\s+(.+)$/.exec(line.trim()) ?? [];
    if (word === undefined || rest === undefined) {
      if (line.trim() !== '') throw new Error(`not understood: ${line}`);
      continue;
    }
    if (word === 'FROM') {
      current = / AS (\S+)$/.exec(rest)?.[1] ?? '';
      stages.set(current, []);
    }
    stages.get(current)?.push({ word, rest });
  }
  return stages;
}

/** Whether a file of the repository reaches a build, by the lines of .dockerignore: the last one that matches decides. */
export function isInContext(path: string, dockerignore: string): boolean {
  let isIn = true;
  for (const line of dockerignore.split('\n')) {
    const pattern = line.trim();
    if (pattern === '' || pattern.startsWith('#')) continue;
    const isBack = pattern.startsWith('!');
    if (matches(path, isBack ? pattern.slice(1) : pattern)) isIn = isBack;
  }
  return isIn;
}

/** A pattern also matches everything below what it names. */
function matches(path: string, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**/', '\u0000')
    .replaceAll('*', '[^/]*')
    .replaceAll('\u0000', '(?:.*/)?');
  return new RegExp(`^${source}(?:/.*)?$`).test(path);
}
