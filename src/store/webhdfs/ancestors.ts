/** The directory and those above it, from the root down to itself. */
export function ancestorsOf(directory: string): readonly string[] {
  const names = directory.split('/').filter((name) => name !== '');
  return ['/', ...names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)];
}
