import { type ConsolidationStamp, readStamp } from '../parquet/consolidation-stamp.ts';
import { isOwnWriter } from '../parquet/created-by.ts';
import { metadataTraits } from '../parquet/evolution/adapted-metadata.ts';
import { schemaTraits } from '../parquet/evolution/schema-traits.ts';
import { readFoldStamp } from '../parquet/fold/fold-stamp.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import { readingMetadata } from '../parquet/metadata/reading-metadata.ts';
import type { FooterFacts, Making } from '../plan/partition-plan.ts';

/**
 * What planning needs of a footer. A stamp counts only in a file of this program: pyarrow, for one, copies key-value
 * metadata into whatever it writes from a merged file, and such a copy would never be merged again.
 */
export function footerFacts(footer: ParquetFooter): FooterFacts {
  const isOurs = isOwnWriter(footer.createdBy);
  const folded = isOurs ? readFoldStamp(footer) : undefined;
  const merged = isOurs && folded === undefined ? readStamp(footer) : undefined;
  const reading = readingMetadata(footer);
  return {
    rows: footer.rows,
    rowGroups: footer.rowGroups.length,
    columnChunks: footer.rowGroups.length * footer.leaves.length,
    footerSizeBytes: footer.footerSizeBytes,
    rowGroupBytes: footer.rowGroups.reduce((sum, rowGroup) => sum + rowGroup.bytes.length, 0),
    schemaKey: footer.schemaKey,
    ...evolutionFacts(footer, reading),
    ...(reading === undefined ? {} : { reading }),
    ...(merged === undefined ? {} : { ours: makingOf(merged) }),
    ...(folded === undefined ? {} : { folded: makingOf(folded) }),
  };
}

type EvolutionFacts = Required<Pick<FooterFacts, 'traits' | 'adaptable'>>;

// Files of one partition have few schemas: the facts of each are told once, and are one object, which planning makes use of.
const known = new Map<string, EvolutionFacts>();
const mostKnown = 1000;

function evolutionFacts(footer: ParquetFooter, reading: FooterFacts['reading']): EvolutionFacts {
  const key = JSON.stringify([footer.schemaKey, reading]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const { traits, adaptable } = metadataTraits(footer);
  const facts = { traits: Object.fromEntries([...schemaTraits(footer), ...traits]), adaptable };
  if (known.size === mostKnown) known.clear();
  known.set(key, facts);
  return facts;
}

// Without what planning does not ask for.
function makingOf({ inputSizeBytes, inputFiles, runId }: ConsolidationStamp): Making {
  return { inputSizeBytes, inputFiles, runId };
}
