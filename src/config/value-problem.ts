import { parseLayoutPattern } from '../core/layout-pattern.ts';
import { allowedText, type SettingKind } from './setting-kinds.ts';

const longestShown = 60;

/** `<name> is <found>; allowed: <what>`: the message for a value that its setting does not accept. */
export function valueProblem(name: string, kind: SettingKind, found: unknown): string {
  const later = kind.type === 'choice' && typeof found === 'string' && kind.later.includes(found);
  const comment = later ? ', which comes with a later version' : layoutComment(kind, found);
  const shown =
    kind.type === 'url' && typeof found === 'string' && found !== '' ? 'no such URL' : showValue(found);
  return `${name} is ${shown}${comment}; allowed: ${allowedText(kind)}`;
}

/** What is wrong with a layout: the rules alone would not tell. */
function layoutComment(kind: SettingKind, found: unknown): string {
  const parsed = kind.type === 'layout' && typeof found === 'string' ? parseLayoutPattern(found) : [];
  return 'problem' in parsed ? `, which ${parsed.problem}` : '';
}

/** A value as messages show it: JSON, cut after 60 characters; `empty` for a key without a value. */
export function showValue(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (typeof value === 'number') return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
