import type { SizingDecision } from '../../plan/choose-size.ts';
import { printable } from './printable.ts';

/** Why files get the size they get, where the program chose it; empty elsewhere. */
export function sizingText(sizing: SizingDecision | undefined): string {
  return (sizing?.reasons ?? []).map((reason) => `  📐 ${printable(reason)}\n`).join('');
}
