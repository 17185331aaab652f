import { closestName } from '../config/closest-name.ts';
import { settingKeys, settingRow } from '../config/setting-table.ts';
import { ConfigError } from '../core/errors.ts';
import { commandNames } from './command-flags.ts';
import { flagTable } from './flags.ts';

/**
 * Refuses `--dry-run=yes`: the parser would take a value it does not know for off, and run for real.
 * @throws ConfigError `usage`
 */
export function checkSwitches(args: readonly string[]): void {
  for (const arg of args) {
    if (arg === '--') return;
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    const isSwitch = Object.entries(flagTable).some(([flag, row]) => flag === name && row.type === 'boolean');
    if (isSwitch && value !== 'true' && value !== 'false') {
      throw wrongUsage(`--${name}=${value}: expected true or false, or --${name} alone.`, `Write --${name}.`);
    }
  }
}

/** What the parser complained of, in the words of somebody who typed it, with what was probably meant. */
export function usageProblem(message: string, args: readonly string[], program: string): ConfigError {
  const help = `See ${program} --help.`;
  const unknown = /^Unknown arguments?: (.+)$/s.exec(message)?.[1];
  if (unknown !== undefined) return explainUnknown(unknown, args, program);
  const valueless = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (valueless !== undefined) {
    return wrongUsage(`--${valueless} needs a value.`, exampleOf(valueless, program) ?? help);
  }
  const missing = /^Missing required arguments?: (.+?)(?:\n|$)/.exec(message)?.[1];
  if (missing !== undefined)
    return wrongUsage(`--${missing} is missing.`, exampleOf(missing, program) ?? help);
  const given = /^Invalid values:\s+Argument: (.+?), Given: (.+?), Choices: (.+)$/s.exec(message);
  if (given !== null) return wrongUsage(`--${given[1]} ${given[2]}: expected ${given[3]}.`, help);
  if (message.startsWith('Not enough non-option arguments')) {
    return wrongUsage(`${args.join(' ')}: it needs to know which file or directory.`, help);
  }
  return wrongUsage(message, help);
}

function explainUnknown(list: string, args: readonly string[], program: string): ConfigError {
  const help = `See ${program} --help.`;
  const oneDash = args.find((arg) => /^-[a-z]{2}/.test(arg));
  if (oneDash !== undefined) {
    return wrongUsage(`${oneDash}: flags have two dashes.`, suggestFlag(oneDash.replace(/^-/, '')) ?? help);
  }
  const name = list.split(', ')[0] ?? list;
  if (args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))) {
    const isKnown = Object.hasOwn(flagTable, name);
    const problem = isKnown ? `this command has no flag --${name}.` : `there is no flag --${name}.`;
    const hint = isKnown ? settingBehind(name, args) : suggestFlag(name);
    return wrongUsage(problem, hint ?? help);
  }
  if (/^\d{4}-\d\d?-\d\d?$/.test(name)) {
    return wrongUsage(`'${name}' stands alone: a date goes with --date.`, `Did you mean --date ${name}?`);
  }
  if (/[^/]=/.test(name) && !name.startsWith('-')) {
    return wrongUsage(
      `'${name}' stands alone: the path of a partition goes with --date.`,
      `Did you mean --date '${name}'?`,
    );
  }
  const command = closestName(name, commandNames);
  return wrongUsage(
    `'${name}' is no command and no flag.`,
    command === undefined ? help : `Did you mean ${program} ${command}?`,
  );
}

/** Where a consolidation has what is a flag of other commands only. */
function settingBehind(flag: string, args: readonly string[]): string | undefined {
  const isOther = commandNames.some((command) => command === args[0]);
  const key = isOther ? undefined : settingKeys.find((one) => settingRow(one).flag === flag);
  return key === undefined ? undefined : `Set ${key} in the configuration file, or ${settingRow(key).env}.`;
}

function suggestFlag(name: string): string | undefined {
  const flag = closestName(name, Object.keys(flagTable));
  return flag === undefined ? undefined : `Did you mean --${flag}?`;
}

function exampleOf(flag: string, program: string): string | undefined {
  if (flag === 'date') return `For example: ${program} --date 2025-08-15 --dry-run`;
  if (flag === 'out') return `For example: ${program} merge date=2025-08-15 --out /tmp/day.parquet`;
  return undefined;
}

/** A wrong command line as an error. */
export function wrongUsage(message: string, hint: string): ConfigError {
  return new ConfigError(message, { code: 'usage', hint, dataState: 'nothing was touched' });
}
