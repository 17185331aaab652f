import type { ByteSource } from '../core/byte-source.ts';
import type { Logger } from '../core/log.ts';
import { prepareCodecs } from '../parquet/codec/zstd.ts';
import type { ParquetFooter } from '../parquet/footer.ts';
import type { SortedFacts } from '../parquet/sort/sort-request.ts';
import { codecsOf } from '../parquet/supported-features.ts';
import { type ComparedSample, compareSample } from './compare-sample.ts';
import { hyparquetReader } from './hyparquet-reader.ts';
import { parquetjsReader } from './parquetjs-reader.ts';
import {
  chooseColumns,
  chooseSites,
  chooseSmallSite,
  type SampleSite,
  sitesOfInputs,
  sitesOfRows,
} from './sample-sites.ts';
import { columnKey, columnName } from './second-reader.ts';
import type { VerificationReceipt } from './verified-file.ts';

/** A file open for reading, with its footer. */
export interface OpenParquet {
  readonly source: ByteSource;
  readonly footer: ParquetFooter;
}

/** Most values hyparquet decodes of a nested column to reach the rows of one site. */
const maxNestedEntries = 50_000;
/** Most columns parquetjs looks at in one run: it needs some milliseconds for each. */
const parquetjsColumns = 2;
/** Most level entries of a page that parquetjs decodes, and of a nested column up to the rows it is asked for. */
const parquetjsEntries = 25_000;

/** Rows that parquetjs looks at one by one. */
const parquetjsRows = 2;

/** Most columns hyparquet looks at in one run. */
const hyparquetColumns = 100;

/**
 * Reads a sample of the inputs and of the staged file with readers that share no code with the engine, and compares.
 * What the engine reads wrong it reads wrong in both, so its own check cannot see it; this one can. hyparquet reads
 * all columns (of very wide files a hundred) at the first rows and a third of them at a handful of other places; @dsnp/parquetjs, which is slow, a few columns at
 * one place.
 * @param sorted of a file whose rows were sorted: which rows to look for, and where. Each is a claim that the readers put to
 * the test, with all that is in the row
 * @param seed a new one for every run, so that many runs look at many places; the same seed looks at the same
 * @throws VerifyError at the first difference
 * @throws StoreError when a source cannot be read
 */
export async function readSample(
  staged: OpenParquet,
  inputs: readonly OpenParquet[],
  seed: string,
  log: Logger,
  sorted?: SortedFacts,
): Promise<NonNullable<VerificationReceipt['sample']>> {
  const inputRows = inputs.map(({ footer }) => footer.rows);
  const groupRows = staged.footer.rowGroups.map(({ rows }) => rows);
  const keys = staged.footer.leaves.map((leaf) => columnKey(leaf.pathNames));
  const sources = {
    inputs: inputs.map(({ source }) => source),
    staged: staged.source,
    isEvolved: inputs.some(({ footer }) => footer.schemaKey !== staged.footer.schemaKey),
  };

  await prepareCodecs(codecsOf([staged, ...inputs].map(({ footer }) => footer)));
  const rowSites = sorted === undefined ? undefined : sitesOfRows(inputRows, sorted.sample);
  const sites = rowSites ?? chooseSites(inputRows, groupRows, seed);
  const drawn = chooseColumns(keys, hyparquetColumns, seed);
  const hyparquet = hyparquetReader({ maxNestedEntries });
  const first = await compareSample({
    ...sources,
    reader: hyparquet,
    // Files of several schemas may be wrong in any column anywhere.
    sites:
      sources.isEvolved && rowSites === undefined
        ? [...sites, ...sitesOfInputs(inputRows, onePerSchema(inputs, sites))]
        : sites.map((site, i) =>
            i === 0
              ? site
              : { ...site, only: chooseColumns([...drawn], columnsElsewhere(drawn), `${seed}/${i}`) },
          ),
    only: drawn,
  });
  const second = await compareSample({
    ...sources,
    reader: parquetjsReader({ maxNestedEntries: parquetjsEntries, maxPageValues: parquetjsEntries }),
    sites: rowSites?.slice(0, parquetjsRows) ?? chooseSmallSite(inputRows, groupRows, seed),
    arbiter: hyparquet,
    only: chooseColumns([...drawn], parquetjsColumns, seed),
  });
  const parquetjsCompared = second.columns;
  log.debug('read a sample with second readers', {
    hyparquetRows: first.rows,
    hyparquetColumns: first.columns.size,
    parquetjsRows: second.rows,
    parquetjsColumns: parquetjsCompared.size,
  });

  const notCompared = [...drawn].filter((key) => !first.columns.has(key) && !parquetjsCompared.has(key));
  const notRead = notCompared.map((key) => `${columnName(key)}: ${whyNotRead(first, key)}`);
  if (drawn.size < keys.length)
    notRead.push(`${keys.length - drawn.size} more columns: not drawn for this sample`);
  return {
    reader: parquetjsCompared.size > 0 ? 'hyparquet, @dsnp/parquetjs' : 'hyparquet',
    rows: first.rows,
    columns: drawn.size - notCompared.length,
    notRead,
  };
}

// The more columns, the more often a fault of the merge itself shows in several of them.
function columnsElsewhere(drawn: ReadonlySet<string>): number {
  return Math.max(Math.min(drawn.size, 4), Math.ceil(drawn.size / 3));
}

/** Most schemas that a sample sees to. */
const schemasSeen = 32;

// An input of every schema that no site reaches: a column may be put together wrongly for one schema alone.
function onePerSchema(inputs: readonly OpenParquet[], sites: readonly SampleSite[]): readonly number[] {
  const reached = new Set(sites.flatMap(({ parts }) => parts.map(({ inputIndex }) => inputIndex)));
  const seen = new Set([...reached].map((input) => inputs[input]?.footer.schemaKey));
  const chosen: number[] = [];
  for (const [input, { footer }] of inputs.entries()) {
    if (footer.rows === 0 || seen.has(footer.schemaKey)) continue;
    seen.add(footer.schemaKey);
    chosen.push(input);
    if (chosen.length === schemasSeen) break;
  }
  return chosen;
}

function whyNotRead(sample: ComparedSample, key: string): string {
  return sample.notRead.get(key) ?? sample.notRead.get('') ?? 'no rows in the sample';
}
