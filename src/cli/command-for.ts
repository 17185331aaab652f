import { commandNames, flagNames } from './command-flags.ts';
import { type CliEnvironment, shellWord } from './environment.ts';
import type { DatasetFlags } from './invocation.ts';
import type { CommandFor } from './output/commands-in-text.ts';

/** {@link commandFor} for texts that hold such commands. */
export function commandWords(flags: DatasetFlags, environment: CliEnvironment): CommandFor {
  return (words) => commandFor(words, flags, environment);
}

/** A command of this program for the same dataset, ready to be typed. Without a command's name it is the default one. */
export function commandFor(
  words: readonly string[],
  flags: DatasetFlags,
  { program }: CliEnvironment,
): string {
  const command = commandNames.find((name) => name === words[0]) ?? 'consolidate';
  const takes = new Set<string>(flagNames[command]);
  const basePath = takes.has('base-path') ? flags.settingFlags['base-path'] : undefined;
  const layout = takes.has('layout') ? flags.settingFlags.layout : undefined;
  const configPath = takes.has('config') ? flags.configPath : undefined;
  return [
    program,
    ...words.map(shellWord),
    ...(typeof basePath === 'string' ? ['--base-path', shellWord(basePath)] : []),
    ...(typeof layout === 'string' ? ['--layout', shellWord(layout)] : []),
    ...(flags.dataset === undefined || !takes.has('dataset') ? [] : ['--dataset', flags.dataset]),
    ...(configPath === undefined ? [] : ['--config', shellWord(configPath)]),
  ].join(' ');
}
