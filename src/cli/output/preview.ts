import type { ConsolidationMode } from '../../config/settings.ts';
import { formatMb, formatSize } from '../../core/units.ts';
import type { Bin, FileVerdict } from '../../plan/partition-plan.ts';
import type { PartitionResult } from '../../telemetry/partition-result.ts';
import { counted } from './numbers.ts';
import { partitionWords } from './partition-words.ts';
import { printable } from './printable.ts';
import { sizingText } from './sizing-text.ts';

const sampleFiles = 3;

/** The title of a preview or report, with its rule below. */
export function titleText(title: string): string {
  return `🚀 ${printable(title)}\n${'='.repeat(50)}\n`;
}

/** What a dry run shows of one partition. */
export function previewText(result: PartitionResult, mode: ConsolidationMode = 'rewrite'): string {
  // What is listed in the middle of a swap is not what the next run will find; and without a plan nobody has counted.
  if (result.rule === 'swap-interrupted' || (result.result === 'failed' && result.plan === undefined)) {
    const text = result.result === 'failed' ? intention(result, mode) : result.reason;
    return `\nPreview for ${partitionWords(result.date)}:\n\nDRY RUN: ${printable(text)}\n`;
  }
  const dataFiles = (result.plan?.files ?? []).filter((file) => file.verdict !== 'ignore');
  const bins = result.plan?.bins ?? [];
  return `\nPreview for ${partitionWords(result.date)}:\n${foundText(dataFiles)}${evolutionText(bins)}${sizingText(result.plan?.sizing)}\nDRY RUN: ${intention(result, mode)}\n`;
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

/** Which files of different schemas come together, and where they get nulls. */
function evolutionText(bins: readonly Bin[]): string {
  return bins
    .flatMap(({ evolution }) => evolution ?? [])
    .map(({ schemas, columnsAdded }) => {
      const names = columnsAdded.map(printable).join(', ');
      const nulls = names === '' ? '' : `; null where a file has no column ${names}`;
      return `  🧩 ${schemas} schemas become one${nulls}\n`;
    })
    .join('');
}

function intention(result: PartitionResult, mode: ConsolidationMode): string {
  switch (result.result) {
    case 'planned': {
      const isFold = mode === 'fold';
      const from = `Would ${isFold ? 'fold' : 'consolidate'} ${counted(result.filesBefore, 'file')} into`;
      const kind = isFold ? 'folded' : 'consolidated';
      const into =
        result.filesAfter === 1
          ? `${from} ${about(result.bytesBefore)} MB ${kind} file`
          : `${from} ${result.filesAfter} ${kind} files of ${about(result.bytesBefore / result.filesAfter)} MB`;
      return isFold ? `${into}, without moving data` : into;
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
