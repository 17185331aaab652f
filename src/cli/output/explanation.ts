import { formatSize } from '../../core/units.ts';
import type { Bin, FileVerdict, PartitionPlan } from '../../plan/partition-plan.ts';
import { counted, formatCount } from './numbers.ts';
import { partitionWordsFirst } from './partition-words.ts';
import { printable } from './printable.ts';
import { sizingText } from './sizing-text.ts';
import type { Style } from './style.ts';
import { textTable } from './text-table.ts';
import { verdictTable } from './verdict-table.ts';

/** What an explanation needs besides the plan. */
export interface ExplanationView {
  readonly style: Style;
  /** The partition as the operator would write it. */
  readonly shownPath: string;
  /** What to type to do what the plan says. */
  readonly command: string;
}

const decisions = {
  consolidate: 'will be consolidated',
  nothing: 'is left as it is',
  wait: 'has to wait',
  refuse: 'is refused',
} as const;

/** Why a partition will be consolidated or not, and every file of it, as a person reads it. */
export function explanationText(plan: PartitionPlan, view: ExplanationView): string {
  const { style } = view;
  const head =
    `\n${style.bold(`${partitionWordsFirst(plan.date)} ${decisions[plan.decision]}`)} (${plan.rule})\n` +
    `  ${printable(plan.reason)}\n  Partition  ${printable(view.shownPath)}\n`;
  if (plan.files.length === 0) return head;
  const next = plan.decision === 'consolidate' ? `\nDo it: ${view.command}\n` : '';
  return `${head}${sizingText(plan.sizing)}${binsText(plan.bins)}\n${rulesTable(plan.files)}\n${verdictTable(plan.files)}${next}`;
}

function binsText(bins: readonly Bin[]): string {
  if (bins.length === 0) return '';
  const rows = bins.map((bin) => [
    String(bin.index),
    formatCount(bin.inputs.length),
    formatSize(bin.sizeBytes),
    formatCount(bin.rows),
    bin.evolution === undefined ? '1' : String(bin.evolution.schemas),
    (bin.evolution?.columnsAdded ?? []).map(printable).join(', '),
  ]);
  const hasNulls = rows.some((row) => row.at(-1) !== '');
  const table = textTable(
    [
      { title: 'bin', align: 'right' },
      { title: 'files', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'rows', align: 'right' },
      { title: 'schemas', align: 'right' },
      { title: hasNulls ? 'null where a file lacks it' : '', align: 'left' },
    ],
    rows,
  );
  return `\n${table}`;
}

/** How many files each rule decides, the most frequent first. */
function rulesTable(files: readonly FileVerdict[]): string {
  const rules = new Map<string, { verdict: string; rule: string; files: number; bytes: number }>();
  for (const { verdict, rule, sizeBytes } of files) {
    const key = `${verdict} ${rule}`;
    const sum = rules.get(key) ?? { verdict, rule, files: 0, bytes: 0 };
    rules.set(key, { ...sum, files: sum.files + 1, bytes: sum.bytes + sizeBytes });
  }
  const rows = [...rules.values()]
    .sort((a, b) => b.files - a.files)
    .map(({ verdict, rule, files: count, bytes }) => [
      counted(count, 'file'),
      formatSize(bytes),
      verdict,
      rule,
    ]);
  return textTable(
    [
      { title: 'how many', align: 'right' },
      { title: 'size', align: 'right' },
      { title: 'verdict', align: 'left' },
      { title: 'rule', align: 'left' },
    ],
    rows,
  );
}
