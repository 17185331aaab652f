import { formatSize } from '../../core/units.ts';
import type { FileVerdict } from '../../plan/partition-plan.ts';
import { printable } from './printable.ts';
import { textTable } from './text-table.ts';

/** Every entry of a partition with what happens to it and why. */
export function verdictTable(files: readonly FileVerdict[]): string {
  return textTable(
    [
      { title: 'file', align: 'left' },
      { title: 'size', align: 'right' },
      { title: 'verdict', align: 'left' },
      { title: 'rule', align: 'left' },
      { title: 'reason', align: 'left' },
    ],
    files.map((file) => [
      printable(file.name),
      formatSize(file.sizeBytes),
      file.binIndex === undefined ? file.verdict : `${file.verdict} (bin ${file.binIndex})`,
      file.rule,
      printable(file.reason),
    ]),
  );
}
