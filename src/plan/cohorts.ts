import type { DataFile } from './data-file.ts';
import type { PlanPolicy } from './policy.ts';

/**
 * Files that may be merged with each other: schemas that allow it, read in one way, one owner, group, mode and ACL, kept in one
 * way, found by the same globs.
 */
export interface Cohort {
  readonly key: string;
  /** In the order they were given in; at least one. */
  readonly files: readonly [DataFile, ...DataFile[]];
  /** What files that are alike but for their schemas contradict each other in, and what they say of it. */
  readonly contested: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether its files have one schema, byte for byte, because they must. */
  readonly isExact: boolean;
}

/**
 * Groups files by what they must share, in the order of each cohort's first file.
 *
 * Where two files of the partition contradict each other about a column, files that do not have it belong to neither: they are apart from
 * both. So it depends on no order which files come together, and merging some of them changes nothing for the others:
 * what is merged says of every contested thing what its inputs said.
 * @param all every readable file of the partition, also those that are not to be grouped
 */
export function cohortsOf(
  files: readonly DataFile[],
  all: readonly DataFile[],
  policy: PlanPolicy,
): readonly Cohort[] {
  const isExact = policy.schema === 'exact' || policy.mode === 'fold';
  const frames: ReadonlyMap<string, Frame> = isExact ? new Map() : framesOf(all);
  const cohorts = new Map<string, Omit<Cohort, 'key' | 'files'> & { files: [DataFile, ...DataFile[]] }>();
  for (const file of files) {
    const frame = isExact ? undefined : frames.get(compatibleFrame(file));
    const contested = frame?.contested ?? nothing;
    const key = frame === undefined ? exactFrame(file) : cohortKey(file, contested);
    const cohort = cohorts.get(key);
    if (cohort === undefined) cohorts.set(key, { files: [file], contested, isExact: frame === undefined });
    else cohort.files.push(file);
  }
  return [...cohorts].map(([key, cohort]) => ({ key, ...cohort }));
}

/** What the name of a column's trait begins with. */
export const columnPrefix = 'column ';

type Contested = ReadonlyMap<string, ReadonlySet<string>>;

const nothing: Contested = new Map();

type Traits = Readonly<Record<string, string>>;

/** What a file says that others must not contradict. One of which nothing is known goes with its own schema only. */
export function traitsOf({ footer }: DataFile): Traits {
  return footer.traits ?? { '': `the very schema ${footer.schemaKey}` };
}

/** Files that are alike but for their schemas. */
interface Frame {
  /** The things of which two of them say something different, in byte order. */
  readonly contested: Contested;
}

/**
 * Most columns of all files together, times schemas: what is kept for each while merging. Where every file brings columns of its
 * own, the merged file would be nearly all nulls, too.
 */
const mostColumnsOfSchemas = 200_000;

/** The frames whose files may come together; those of too many schemas are left out. */
function framesOf(files: readonly DataFile[]): ReadonlyMap<string, Frame> {
  const found = new Map<string, { readonly schemas: Set<string>; readonly traits: Set<Traits> }>();
  for (const file of files) {
    const frame = compatibleFrame(file);
    const known = found.get(frame) ?? { schemas: new Set(), traits: new Set() };
    found.set(frame, known);
    known.schemas.add(file.footer.schemaKey);
    // Files that say the same nearly always share what they say.
    known.traits.add(traitsOf(file));
  }
  const frames = new Map<string, Frame>();
  for (const [frame, { schemas, traits }] of found) {
    const said = new Map<string, Set<string>>();
    for (const one of traits) {
      for (const [thing, value] of Object.entries(one)) {
        const values = said.get(thing);
        if (values === undefined) said.set(thing, new Set([value]));
        else values.add(value);
      }
    }
    const columns = [...said.keys()].filter((thing) => thing.startsWith(columnPrefix)).length;
    if (columns * schemas.size > mostColumnsOfSchemas) continue;
    const contested = [...said].filter(([, values]) => values.size > 1);
    frames.set(frame, { contested: new Map(contested.sort(([a], [b]) => (a < b ? -1 : 1))) });
  }
  return frames;
}

function cohortKey(file: DataFile, contested: Contested): string {
  const frame = compatibleFrame(file);
  return contested.size === 0 ? frame : JSON.stringify([frame, sayings(file, contested)]);
}

function sayings(file: DataFile, contested: Contested): readonly (string | null)[] {
  const traits = traitsOf(file);
  return [...contested.keys()].map((thing) => traits[thing] ?? null);
}

/**
 * Equal for two files of one schema exactly when merging them changes neither what their values are, nor who reads the
 * rows (by right, or by a glob such as `*.parquet`), nor how safely they are kept.
 */
function exactFrame(file: DataFile): string {
  const reading = Object.entries(file.footer.reading ?? {}).sort();
  return JSON.stringify([file.footer.schemaKey, reading, ...attributes(file)]);
}

// The same without what a merge of several schemas can bring together.
function compatibleFrame(file: DataFile): string {
  const { reading = {}, adaptable = [] } = file.footer;
  const kept = Object.entries(reading).filter(([key]) => !adaptable.includes(key));
  return JSON.stringify([kept.sort(), ...attributes(file)]);
}

function attributes({ name, owner, group, mode, acl, placement }: DataFile): readonly unknown[] {
  return [
    endingOf(name),
    owner,
    group,
    mode,
    [...acl].sort(),
    placement?.replication,
    placement?.storagePolicy,
  ];
}

/**
 * The ending by which globs choose a file (`.parquet` and the like, in the case it is written in); `''` for any other,
 * so that `x.parquet.bak`, which somebody took out of the way of `*.parquet`, does not come back under that name, and
 * no merged file is named after it.
 */
export function endingOf(name: string): string {
  return /\.(?:parquet|parq|pq)$/i.exec(name)?.[0] ?? '';
}
