import type { ColumnChunk } from '../metadata/column-chunk.ts';
import type { LeafColumn } from '../metadata/leaf-column.ts';
import type { RowGroup } from '../metadata/row-group.ts';
import type { LeafMapping } from './leaf-mapping.ts';
import type { FlatSchema } from './schema-node.ts';
import { unifySchemas } from './unify-schemas.ts';

/** Files of several schemas on their way to one. */
export interface EvolvedInputs {
  /** For each file, which of `schemas` is its own. */
  readonly schemaOfInput: readonly number[];
  readonly schemas: readonly {
    readonly leaves: readonly LeafColumn[];
    /** One for each leaf of the unified schema. */
    readonly mappings: readonly LeafMapping[];
  }[];
  /** The unified schema. */
  readonly elementBytes: readonly Uint8Array[];
  readonly leaves: readonly LeafColumn[];
}

/** What is asked of a file: a `ParquetFooter` has it. */
export interface FileOfSchema extends FlatSchema {
  readonly leaves: readonly LeafColumn[];
}

/**
 * Finds the schema that holds all that files of these schemas hold, and how each of them gets there.
 * @throws FormatError when two of them cannot be merged, naming both and the columns at fault
 */
export function evolvedInputs(files: readonly FileOfSchema[]): EvolvedInputs {
  const distinct = new Map<string, { readonly number: number; readonly file: FileOfSchema }>();
  const schemaOfInput = files.map((file) => {
    const known = distinct.get(file.schemaKey);
    if (known !== undefined) return known.number;
    distinct.set(file.schemaKey, { number: distinct.size, file });
    return distinct.size - 1;
  });
  const firsts = [...distinct.values()].map(({ file }) => file);
  const { mappings, elementBytes, leaves } = unifySchemas(firsts);
  const schemas = firsts.map((file, i) => ({ leaves: file.leaves, mappings: mappings[i] ?? [] }));
  return { schemaOfInput, schemas, elementBytes, leaves };
}

/** The chunks that hold a leaf, input by input; of an input that does not have it there are none. */
export function chunksOfLeaf(
  inputs: readonly { readonly rowGroups: readonly RowGroup[] }[],
  leaf: LeafColumn,
  evolved: EvolvedInputs | undefined,
): readonly ColumnChunk[] {
  return inputs.flatMap(({ rowGroups }, input) => {
    const mapping = evolved?.schemas[evolved.schemaOfInput[input] ?? 0]?.mappings[leaf.index];
    if (mapping?.kind === 'absent') return [];
    const chunks = rowGroups.map((rowGroup) => rowGroup.chunks[mapping?.source ?? leaf.index]);
    return chunks.filter((chunk) => chunk !== undefined);
  });
}
