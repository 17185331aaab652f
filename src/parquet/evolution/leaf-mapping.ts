import { convertedType, physicalType, repetition } from '../format.ts';
import type { SchemaNode } from './schema-node.ts';

/** How values become those of a wider type. */
export type Widening = 'int32-to-int64' | 'uint32-to-uint64' | 'float-to-double';

/** Where the entries of a leaf of the unified schema come from in a file of one of the schemas. */
export type LeafMapping =
  /** Levels and values are those of leaf `source`. */
  | { readonly kind: 'same'; readonly source: number }
  /** Those of leaf `source` after translation: each definition level to that which stands at its place in the list. */
  | {
      readonly kind: 'mapped';
      readonly source: number;
      readonly definitions: readonly number[];
      readonly widening: Widening | undefined;
    }
  /**
   * The file has no such leaf: every entry is null, at the depth down to which the file has groups. How deep that is
   * in a row, and how many entries it has, say the levels of leaf `donor`, which the deepest such group holds: its entries up to repetition
   * level `keptRepetition`, translated. Without a donor every row has one entry of level `definitions[0]`.
   */
  | {
      readonly kind: 'absent';
      readonly donor: number | undefined;
      readonly definitions: readonly number[];
      readonly keptRepetition: number;
    };

/** A step on the path from the root to a leaf: the node of a file's schema, and how often the unified one's may be there. */
export interface PathStep {
  readonly source: SchemaNode | undefined;
  readonly repetition: number;
}

/**
 * How a file gets to a leaf of the unified schema.
 * @param path from the root down to the leaf
 * @param type physical type of the leaf in the unified schema
 */
export function leafMapping(path: readonly PathStep[], type: number): LeafMapping {
  const definitions = definitionLevels(path);
  const leaf = path.at(-1)?.source;
  if (leaf?.leafIndex !== undefined) {
    const source = leaf.leafIndex;
    const widening = leaf.element.type === type ? undefined : wideningOf(leaf, type);
    const isSame = widening === undefined && definitions.every((level, i) => level === i);
    return isSame ? { kind: 'same', source } : { kind: 'mapped', source, definitions, widening };
  }
  const present = path.flatMap(({ source }) => (source === undefined ? [] : [source]));
  const repeated = (nodes: readonly SchemaNode[]): number =>
    nodes.filter((node) => node.repetition === repetition.REPEATED).length;
  const keptRepetition = repeated(present);
  // Where no group on the way can be null or repeated, every row is alike.
  if (definitions.length === 1) return { kind: 'absent', donor: undefined, definitions, keptRepetition };
  const group = present.at(-1);
  if (group === undefined) throw new Error('a schema without a root');
  return { kind: 'absent', donor: donorBelow(group), definitions, keptRepetition };
}

// For each definition level in the file, that of the unified schema which says the same.
function definitionLevels(path: readonly PathStep[]): readonly number[] {
  const levels: number[] = [];
  let level = 0;
  for (const { source, repetition: target } of path) {
    if (source === undefined) break;
    if (source.repetition !== repetition.REQUIRED) levels.push(level);
    if (target !== repetition.REQUIRED) level++;
  }
  levels.push(level);
  return levels;
}

function wideningOf(leaf: SchemaNode, type: number): Widening {
  const { element } = leaf;
  if (element.type === physicalType.FLOAT && type === physicalType.DOUBLE) return 'float-to-double';
  if (element.type !== physicalType.INT32 || type !== physicalType.INT64) {
    throw new Error(`no widening from physical type ${element.type} to ${type}`);
  }
  const logical = element.logicalType;
  const isUnsigned =
    logical === undefined ? element.convertedType === convertedType.UINT_32 : logical.isSigned === false;
  return isUnsigned ? 'uint32-to-uint64' : 'int32-to-int64';
}

// The leaf with the fewest lists around it: with fewer entries to leave out, and fewer to read.
function donorBelow(group: SchemaNode): number {
  const leaves = leavesWithLists(group, 0);
  const [first] = leaves.toSorted((a, b) => a.lists - b.lists);
  if (first === undefined) throw new Error(`group ${group.element.name} has no columns`);
  return first.index;
}

function leavesWithLists(
  node: SchemaNode,
  lists: number,
): readonly { readonly index: number; readonly lists: number }[] {
  if (node.leafIndex !== undefined) return [{ index: node.leafIndex, lists }];
  return node.children.flatMap((child) =>
    leavesWithLists(child, lists + (child.repetition === repetition.REPEATED ? 1 : 0)),
  );
}
