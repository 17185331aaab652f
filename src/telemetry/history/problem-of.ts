/** What a database, or the way to it, complains of, in one line. */
export function problemOf(error: unknown): string {
  // Of several addresses of one name.
  if (error instanceof AggregateError) return [...new Set(error.errors.map(problemOf))].join(', ');
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim();
}
