import type { SourcedValue } from './config-file.ts';
import { type SettingKey, settingRow } from './setting-table.ts';

/** Typed access to the chosen values, with the table's defaults behind them. */
export interface ChosenValues {
  text(key: SettingKey): string;
  number(key: SettingKey): number;
  flag(key: SettingKey): boolean;
  optionalText(key: SettingKey): string | undefined;
  optionalNumber(key: SettingKey): number | undefined;
  /** Undefined where the word of the setting stands for the number. */
  numberUnlessWord(key: SettingKey): number | undefined;
}

/** @throws TypeError (a bug) when a setting is asked for as another type than the table gives it. */
export function chosenValues(chosen: ReadonlyMap<SettingKey, SourcedValue>): ChosenValues {
  const lookUp = (key: SettingKey) => chosen.get(key)?.value ?? settingRow(key).defaultValue;
  const mismatch = (key: SettingKey): never => {
    throw new TypeError(`the table of settings gives ${key} another type than the settings have`);
  };
  return {
    text: (key) => {
      const value = lookUp(key);
      return typeof value === 'string' ? value : mismatch(key);
    },
    number: (key) => {
      const value = lookUp(key);
      return typeof value === 'number' ? value : mismatch(key);
    },
    numberUnlessWord: (key) => {
      const value = lookUp(key);
      const { kind } = settingRow(key);
      if (kind.type === 'number' && kind.word !== undefined && value === kind.word) return undefined;
      return typeof value === 'number' ? value : mismatch(key);
    },
    flag: (key) => {
      const value = lookUp(key);
      return typeof value === 'boolean' ? value : mismatch(key);
    },
    optionalText: (key) => {
      const value = lookUp(key);
      return value === undefined || typeof value === 'string' ? value : mismatch(key);
    },
    optionalNumber: (key) => {
      const value = lookUp(key);
      return value === undefined || typeof value === 'number' ? value : mismatch(key);
    },
  };
}
