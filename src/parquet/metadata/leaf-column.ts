import { physicalType, repetition } from '../format.ts';
import { corrupt, unsupported } from '../format-error.ts';
import { limits } from '../limits.ts';
import { checkAnnotation } from './check-annotation.ts';
import type { SchemaElement } from './schema-element.ts';
import { type SortOrder, sortOrderOf } from './sort-order.ts';

/** A leaf of the schema tree: what is stored as a column chunk in every row group. */
export interface LeafColumn {
  /** Position among the leaves, which is the position of its chunk in a row group. */
  readonly index: number;
  /** Names from below the root down to the leaf. */
  readonly pathNames: readonly string[];
  /** The same joined by dots, for messages. */
  readonly path: string;
  readonly element: SchemaElement;
  /** Physical type. */
  readonly type: number;
  /** Bytes per value; 0 for BYTE_ARRAY. A BOOLEAN counts as one byte once unpacked. */
  readonly widthBytes: number;
  readonly maxDefinitionLevel: number;
  readonly maxRepetitionLevel: number;
  readonly sortOrder: SortOrder;
}

/**
 * The leaves of a schema in order, with their maximum levels (parquet-format, "Nested Encoding").
 * @throws FormatError when the elements are no tree, or nest deeper or wider than the limits.
 */
export function leafColumnsOf(elements: readonly SchemaElement[]): readonly LeafColumn[] {
  const leaves: LeafColumn[] = [];
  let next = 1;
  let pathCharacters = 0;
  const walk = (names: readonly string[], definition: number, repeated: number, depth: number): void => {
    const element = elements[next++];
    if (element === undefined) throw corrupt('the schema ends too early');
    if (depth > limits.schemaDepth)
      throw corrupt(`the schema is nested more than ${limits.schemaDepth} deep`);
    const kind = element.repetition ?? repetition.REQUIRED;
    if (kind < 0 || kind > 2) throw corrupt(`schema element ${element.name} has repetition ${kind}`);
    const maxDefinition = definition + (kind === repetition.REQUIRED ? 0 : 1);
    const maxRepetition = repeated + (kind === repetition.REPEATED ? 1 : 0);
    const pathNames = [...names, element.name];
    if (element.type === undefined) {
      const children = element.childCount ?? 0;
      if (children < 0) throw corrupt(`schema element ${element.name} has ${children} children`);
      for (let i = 0; i < children; i++) walk(pathNames, maxDefinition, maxRepetition, depth + 1);
      return;
    }
    if ((element.childCount ?? 0) > 0)
      throw corrupt(`schema element ${element.name} has a type and children`);
    checkAnnotation(element);
    // A long name of a group is repeated in the path of every leaf below it.
    for (const name of pathNames) pathCharacters += name.length + 1;
    if (pathCharacters > limits.pathCharacters) {
      throw corrupt(`the paths of the columns have more than ${limits.pathCharacters} characters`);
    }
    leaves.push({
      index: leaves.length,
      pathNames,
      path: pathNames.join('.'),
      element,
      type: element.type,
      widthBytes: widthOf(element),
      maxDefinitionLevel: maxDefinition,
      maxRepetitionLevel: maxRepetition,
      sortOrder: sortOrderOf(element),
    });
  };
  const root = elements[0];
  if (root === undefined) throw corrupt('the schema is empty');
  // Some writers state a type for the root, too.
  if (root.type !== undefined && (root.childCount ?? 0) === 0) {
    throw corrupt('the root of the schema is not a group');
  }
  for (let i = 0; i < (root.childCount ?? 0); i++) walk([], 0, 0, 1);
  if (next !== elements.length) {
    throw corrupt(`the schema has ${elements.length} elements, but its tree ends after ${next}`);
  }
  return leaves;
}

function widthOf(element: SchemaElement): number {
  switch (element.type) {
    case physicalType.BOOLEAN:
      return 1;
    case physicalType.INT32:
    case physicalType.FLOAT:
      return 4;
    case physicalType.INT64:
    case physicalType.DOUBLE:
      return 8;
    case physicalType.INT96:
      return 12;
    case physicalType.BYTE_ARRAY:
      return 0;
    case physicalType.FIXED_LEN_BYTE_ARRAY: {
      const length = element.typeLength ?? 0;
      if (length < 0 || length > limits.fixedLengthBytes) {
        throw corrupt(`column ${element.name} has a fixed length of ${length} bytes`);
      }
      if (length === 0) throw unsupported('FIXED_LEN_BYTE_ARRAY of length 0', { column: element.name });
      return length;
    }
    default:
      throw unsupported(`physical type ${element.type}`, { column: element.name });
  }
}
