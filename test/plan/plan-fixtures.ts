import type { CandidateFile, FooterFacts, PartitionPlan } from '../../src/plan/partition-plan.ts';
import type { ListedEntry, PartitionListing, PlanInput } from '../../src/plan/plan-input.ts';
import { defaultPolicy, type PlanPolicy } from '../../src/plan/policy.ts';

/** 2025-08-20T12:00:00Z: the store's time in these tests. */
export const nowMs = Date.UTC(2025, 7, 20, 12);
export const hourMs = 3_600_000;
export const partitionPath = '/data/date=2025-08-15';

/** What a test says of a file; all else is filled in. */
export interface FileSketch {
  readonly name: string;
  readonly sizeBytes: number;
  readonly schemaKey?: string;
  readonly reading?: FooterFacts['reading'];
  readonly traits?: FooterFacts['traits'];
  readonly adaptable?: FooterFacts['adaptable'];
  readonly owner?: string;
  readonly group?: string;
  readonly mode?: number;
  readonly acl?: readonly string[];
  readonly rows?: number;
  readonly rowGroups?: number;
  readonly columnChunks?: number;
  readonly modifiedAtMs?: number;
  readonly rowGroupBytes?: number;
  readonly placement?: CandidateFile['placement'];
  readonly ours?: FooterFacts['ours'];
  readonly folded?: FooterFacts['folded'];
  readonly unreadable?: string;
}

/** A policy of small round figures: target 1,000 bytes, so that below 750 is small; minimum 5. */
export const policy: PlanPolicy = { ...defaultPolicy, targetSizeBytes: 1000 };

/** A candidate from a sketch: one row group of 3 column chunks, last changed a day ago. */
export function candidate(sketch: FileSketch): CandidateFile {
  const { name, sizeBytes } = sketch;
  const rowGroups = sketch.rowGroups ?? 1;
  const columnChunks = sketch.columnChunks ?? 3 * rowGroups;
  return {
    name,
    sizeBytes,
    fileId: `id-${name}`,
    modifiedAtMs: sketch.modifiedAtMs ?? nowMs - 24 * hourMs,
    owner: sketch.owner ?? 'etl',
    group: sketch.group ?? 'lake',
    mode: sketch.mode ?? 0o640,
    acl: sketch.acl ?? [],
    ...(sketch.placement === undefined ? {} : { placement: sketch.placement }),
    footer:
      sketch.unreadable === undefined
        ? {
            // A row for each byte, unless somebody says otherwise.
            rows: sketch.rows ?? (sketch.ours ?? sketch.folded)?.inputSizeBytes ?? sizeBytes,
            rowGroups,
            columnChunks,
            footerSizeBytes: 300,
            // With the growth of the default policy, 110 for each column chunk.
            rowGroupBytes: sketch.rowGroupBytes ?? 100 * columnChunks,
            schemaKey: sketch.schemaKey ?? 'schema-1',
            ...(sketch.reading === undefined ? {} : { reading: sketch.reading }),
            ...(sketch.traits === undefined ? {} : { traits: sketch.traits }),
            ...(sketch.adaptable === undefined ? {} : { adaptable: sketch.adaptable }),
            ...(sketch.ours === undefined ? {} : { ours: sketch.ours }),
            ...(sketch.folded === undefined ? {} : { folded: sketch.folded }),
          }
        : { unreadable: sketch.unreadable },
  };
}

/** The entry of a candidate. */
export function entryOf({ footer: _, ...status }: CandidateFile): ListedEntry {
  return { ...status, path: `${partitionPath}/${status.name}`, kind: 'file' };
}

/** A quiet partition of a past day with these candidates. */
export function inputOf(
  candidates: readonly CandidateFile[],
  listing: Partial<PartitionListing> = {},
  rest: Partial<PlanInput> = {},
): PlanInput {
  return {
    listing: {
      date: '2025-08-15',
      partitionPath,
      absent: false,
      entries: candidates.map(entryOf),
      markers: [],
      obstacles: [],
      modifiedAtMs: nowMs - 24 * hourMs,
      storeNowMs: nowMs,
      ...listing,
    },
    candidates,
    foreign: [],
    today: '2025-08-20',
    currentDayAllowed: false,
    onHold: false,
    ...rest,
  };
}

/** `count` files `<prefix>00`, `<prefix>01`, … */
export function files(
  prefix: string,
  count: number,
  sizeBytes: number,
  more: Partial<FileSketch> = {},
): CandidateFile[] {
  return Array.from({ length: count }, (_, i) =>
    candidate({ ...more, name: `${prefix}${String(i).padStart(2, '0')}`, sizeBytes }),
  );
}

/** The partition after its plan was carried out with --mode fold: every bin one folded file, as long as its inputs. */
export function afterFold(plan: PartitionPlan, candidates: readonly CandidateFile[]): CandidateFile[] {
  const byName = new Map(candidates.map((file) => [file.name, file]));
  return afterMerge(plan, candidates, 1).map((file) => {
    const bin = plan.bins.find(({ inputs }) => inputs[0]?.name === file.name);
    if (bin === undefined || 'unreadable' in file.footer) return file;
    const footers = bin.inputs.flatMap(({ name }) => {
      const footer = byName.get(name)?.footer;
      return footer === undefined || 'unreadable' in footer ? [] : [footer];
    });
    const sum = (of: (footer: FooterFacts) => number): number =>
      footers.reduce((total, footer) => total + of(footer), 0);
    const { ours: _, ...footer } = file.footer;
    return {
      ...file,
      sizeBytes: bin.sizeBytes + 20,
      footer: {
        ...footer,
        rowGroups: sum((one) => one.rowGroups),
        columnChunks: sum((one) => one.columnChunks),
        rowGroupBytes: sum((one) => one.rowGroupBytes),
        folded: {
          inputSizeBytes: bin.inputSizeBytes,
          inputFiles: sum((one) => one.folded?.inputFiles ?? 1),
          runId: 'run-2',
        },
      },
    };
  });
}

/** The partition after its plan was carried out: every bin one file of ours, `shrink` of its input long. */
export function afterMerge(
  plan: PartitionPlan,
  candidates: readonly CandidateFile[],
  shrink = 0.6,
): CandidateFile[] {
  const merged = new Set(plan.bins.flatMap((bin) => bin.inputs.map(({ name }) => name)));
  return [
    ...candidates.filter(({ name }) => !merged.has(name)),
    ...plan.bins.map((bin) =>
      candidate({
        name: bin.inputs[0]?.name ?? '',
        sizeBytes: Math.ceil(bin.sizeBytes * shrink),
        ...schemaOf(bin, candidates),
        ...bin.attributes,
        rows: bin.rows,
        ours: { inputSizeBytes: bin.inputSizeBytes, inputFiles: bin.inputs.length, runId: 'run-1' },
      }),
    ),
  ];
}

// That of the inputs, or, where they are of several, all that they say together.
function schemaOf(
  bin: PartitionPlan['bins'][number],
  candidates: readonly CandidateFile[],
): Pick<FileSketch, 'schemaKey' | 'traits'> {
  const names = new Set(bin.inputs.map(({ name }) => name));
  const footers = candidates.flatMap(({ name, footer }) =>
    names.has(name) && !('unreadable' in footer) ? [footer] : [],
  );
  if (footers.some(({ traits }) => traits === undefined)) return { schemaKey: bin.schemaKey };
  const traits: Record<string, string> = {};
  for (const footer of footers) {
    for (const [thing, value] of Object.entries(footer.traits ?? {})) {
      if ((traits[thing] ?? value) !== value) throw new Error(`a bin contradicts itself about ${thing}`);
      traits[thing] = value;
    }
  }
  return { traits, schemaKey: keyOf(traits) };
}

/** A schema key for what files say of their columns: equal for equal ones. */
export function keyOf(traits: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(traits).sort());
}

/** `name: verdict rule` for every file of the plan. */
export function rulesOf(plan: PartitionPlan): Record<string, string> {
  return Object.fromEntries(plan.files.map(({ name, verdict, rule }) => [name, `${verdict} ${rule}`]));
}

/** Input names of every bin. */
export function binsOf(plan: PartitionPlan): string[][] {
  return plan.bins.map((bin) => bin.inputs.map(({ name }) => name));
}

/** The reason given for one file. */
export function reasonOf(plan: PartitionPlan, name: string): string {
  const found = plan.files.find((file) => file.name === name);
  if (found === undefined) throw new Error(`the plan has no verdict for ${name}`);
  return found.reason;
}
