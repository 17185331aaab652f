/** The name nearest to `typed` by single-letter edits, when it is near enough to be a slip; else `undefined`. */
export function closestName(typed: string, names: readonly string[]): string | undefined {
  const normal = plain(typed);
  let best: string | undefined;
  let bestEdits = Math.max(2, Math.floor(normal.length / 3)) + 1;
  for (const name of names) {
    const edits = editDistance(normal, plain(name));
    if (edits < bestEdits) {
      bestEdits = edits;
      best = name;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '');
}

/** Levenshtein distance: insertions, deletions and substitutions that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substituted = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substituted, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
