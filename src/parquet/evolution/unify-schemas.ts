import { FormatError } from '../../core/errors.ts';
import { repetition } from '../format.ts';
import { unsupported } from '../format-error.ts';
import { limits } from '../limits.ts';
import { type LeafColumn, leafColumnsOf } from '../metadata/leaf-column.ts';
import { readSchemaElement, type SchemaElement } from '../metadata/schema-element.ts';
import { compactCursor } from '../thrift/compact-reader.ts';
import { type LeafMapping, leafMapping, type PathStep } from './leaf-mapping.ts';
import { type SchemaDifference, schemaDiff } from './schema-diff.ts';
import { type FlatSchema, type SchemaNode, schemaTree } from './schema-node.ts';
import { schemaTraits } from './schema-traits.ts';
import { unifiedElement } from './unified-element.ts';

/** One schema that holds what files of several hold, and how each of them gets there. */
export interface UnifiedSchema {
  readonly elements: readonly SchemaElement[];
  /** As they stand in the first file that has them, unless `unifiedElement` had to change something. */
  readonly elementBytes: readonly Uint8Array[];
  readonly leaves: readonly LeafColumn[];
  /** Per given schema, per leaf of the unified one: where its levels and values come from. */
  readonly mappings: readonly (readonly LeafMapping[])[];
}

/**
 * Puts schemas together: the columns of the first in its order, then in every group what the others have beside, in theirs. A column
 * that not all of them have, or that one of them lets be null, may be null; numbers get the wider type.
 * @param schemas at least one; equal ones only once
 * @throws FormatError when two of them cannot be merged (`schemaTraits`), with what keeps them apart
 */
export function unifySchemas(schemas: readonly FlatSchema[]): UnifiedSchema {
  assertMergeable(schemas);
  const roots = schemas.map(schemaTree);
  const elementBytes: Uint8Array[] = [];
  const mappings: LeafMapping[][] = schemas.map(() => []);
  const walk = (nodes: Nodes, above: readonly PathStep[][]): void => {
    const children = unifiedChildren(nodes);
    const place = elementBytes.length;
    const isMissing = nodes.some((node, i) => node === undefined && above[i]?.at(-1)?.source !== undefined);
    const bytes = unifiedElement(present(nodes), children.length, isMissing);
    elementBytes.push(bytes);
    if (elementBytes.length > limits.schemaElements) {
      throw unsupported(`merging schemas that have more than ${limits.schemaElements} elements together`);
    }
    const target = readSchemaElement(compactCursor(bytes));
    const isRoot = place === 0;
    const steps = nodes.map((source, i) => [
      ...(above[i] ?? []),
      { source, repetition: isRoot ? repetition.REQUIRED : (target.repetition ?? repetition.REQUIRED) },
    ]);
    if (target.type === undefined) {
      for (const child of children) walk(child, steps);
      return;
    }
    for (const [i, ofSchema] of steps.entries()) mappings[i]?.push(leafMapping(ofSchema, target.type));
    if ((mappings[0]?.length ?? 0) * schemas.length > mostMappings) {
      throw unsupported(`merging ${schemas.length} schemas that have so many different columns together`);
    }
  };
  walk(roots, []);
  const elements = elementBytes.map((bytes) => readSchemaElement(compactCursor(bytes)));
  return { elements, elementBytes, leaves: leafColumnsOf(elements), mappings };
}

/** Most leaves of the unified schema, times schemas: planning stays below it. */
const mostMappings = 1_000_000;

/** One node of each schema that has it. */
type Nodes = readonly (SchemaNode | undefined)[];

function present(nodes: Nodes): readonly SchemaNode[] {
  return nodes.filter((node) => node !== undefined);
}

function unifiedChildren(nodes: Nodes): readonly Nodes[] {
  const byName = new Map<string, (SchemaNode | undefined)[]>();
  for (const [i, node] of nodes.entries()) {
    for (const child of node?.children ?? []) {
      const known = byName.get(child.element.name);
      const ofSchemas = known ?? nodes.map(() => undefined);
      ofSchemas[i] = child;
      if (known === undefined) byName.set(child.element.name, ofSchemas);
    }
  }
  return [...byName.values()];
}

/** How many differences an error names. */
const differencesNamed = 5;

/** @throws FormatError when files of two of these schemas cannot be merged, naming both files and the columns at fault */
export function assertMergeable(schemas: readonly FlatSchema[]): void {
  const traits = schemas.map(schemaTraits);
  const said = new Map<string, { readonly value: string; readonly by: number }>();
  for (const [i, ofSchema] of traits.entries()) {
    for (const [key, value] of ofSchema) {
      const known = said.get(key);
      if (known === undefined) said.set(key, { value, by: i });
      else if (known.value !== value) throw cannotMerge(schemas[known.by], schemas[i]);
    }
  }
}

function cannotMerge(first: FlatSchema | undefined, second: FlatSchema | undefined): FormatError {
  if (first === undefined || second === undefined) throw new Error('no such schema');
  const apart = schemaDiff(first, second).filter(({ isMergeable }) => !isMergeable);
  return differ(first, second, 'has a schema that cannot be merged with that of', apart);
}

/** The error for two files of different schemas where only equal ones may be merged. */
export function schemasDiffer(first: FlatSchema, second: FlatSchema): FormatError {
  return differ(first, second, 'has another schema than', schemaDiff(first, second));
}

function differ(
  first: FlatSchema,
  second: FlatSchema,
  what: string,
  differences: readonly SchemaDifference[],
): FormatError {
  const more = differences.length - differencesNamed;
  const named = differences.slice(0, differencesNamed).map(({ sentence }) => sentence);
  const [one] = differences;
  return new FormatError(
    `${what} ${first.file} (the first; this file is the second): ${named.join('. ')}` +
      `${more > 0 ? `, and ${more} more differences` : ''}`,
    {
      code: 'schemas-differ',
      place: { file: second.file, ...(one === undefined || one.path === '' ? {} : { column: one.path }) },
      hint: `Merge files of one kind with each other; inspect --diff ${first.file} ${second.file} shows all differences.`,
    },
  );
}
