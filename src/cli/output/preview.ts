import { formatMb, formatSize } from '../../core/units.ts';
import type { FileVerdict } from '../../plan/partition-plan.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { counted } from './numbers.ts';
import { printable } from './printable.ts';

const sampleFiles = 3;

/** The title of a preview or report, with its rule below. */
export function titleText(title: string): string {
  return `🚀 ${printable(title)}\n${'='.repeat(50)}\n`;
}

/** What a dry run shows of one partition. */
export function previewText(result: PartitionResult): string {
  const dataFiles = (result.plan?.files ?? []).filter((file) => file.verdict !== 'ignore');
  return `\nPreview for date ${result.date}:\n${foundText(dataFiles)}\nDRY RUN: ${intention(result)}\n`;
}

function foundText(files: readonly FileVerdict[]): string {
  const lines = [`  📁 Found ${counted(files.length, 'Parquet file')}`];
  if (files.length > 0) {
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    lines.push(`  📊 Total size: ${formatSize(sizeBytes)}`, '  📄 Sample files:');
    for (const file of files.slice(0, sampleFiles)) {
      lines.push(`    • ${printable(file.name)} (${formatSize(file.sizeBytes)})`);
    }
    const more = files.length - sampleFiles;
    if (more > 0) lines.push(`    ... and ${counted(more, 'more file')}`);
  }
  return `${lines.join('\n')}\n`;
}

function intention(result: PartitionResult): string {
  switch (result.result) {
    case 'planned': {
      const from = `Would consolidate ${counted(result.filesBefore, 'file')} into`;
      return result.filesAfter === 1
        ? `${from} ${about(result.bytesBefore)} MB consolidated file`
        : `${from} ${result.filesAfter} consolidated files of ${about(result.bytesBefore / result.filesAfter)} MB`;
    }
    case 'waiting':
      return `Would wait: ${result.reason}`;
    case 'refused':
      return `Would refuse: ${result.reason}`;
    case 'failed':
      return `Could not plan: ${result.reason}`;
    default:
      return `Nothing to do: ${result.reason}`;
  }
}

/** `~1.2`, or `<0.1`. */
function about(sizeBytes: number): string {
  const mb = formatMb(sizeBytes);
  return mb.startsWith('<') ? mb : `~${mb}`;
}
