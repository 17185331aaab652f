/** Whose data files must be, and with which mode; what is absent does not matter. */
export interface ExpectedOwners {
  readonly user?: string;
  readonly group?: string;
  readonly mode?: number;
}

/** A data file as far as it is compared. */
export interface OwnedFile {
  readonly name: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

/**
 * What is said of files that are not as they should be: how many, and of the first one what was found and expected. Undefined where all
 * are.
 * @param files in byte order of names
 */
export function unexpectedOwners(
  files: readonly OwnedFile[],
  { user, group, mode }: ExpectedOwners,
): string | undefined {
  const differences = (file: OwnedFile): readonly string[] => [
    ...(user === undefined || file.owner === user ? [] : [`the owner ${file.owner} instead of ${user}`]),
    ...(group === undefined || file.group === group ? [] : [`the group ${file.group} instead of ${group}`]),
    ...(mode === undefined || file.mode === mode
      ? []
      : [`the mode ${octal(file.mode)} instead of ${octal(mode)}`]),
  ];
  const others = files.filter((file) => differences(file).length > 0);
  const [first] = others;
  if (first === undefined) return undefined;
  const more = others.length === 1 ? '' : ` (and ${others.length - 1} more are not as they should be)`;
  return `${first.name} has ${differences(first).join(' and ')}${more}`;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
