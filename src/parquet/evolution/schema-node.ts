import { repetition } from '../format.ts';
import type { SchemaElement } from '../metadata/schema-element.ts';

/** A schema as a footer has it: elements in depth-first order, and the bytes they came as. */
export interface FlatSchema {
  /** What messages call the file. */
  readonly file: string;
  readonly elements: readonly SchemaElement[];
  readonly elementBytes: readonly Uint8Array[];
  /** Equal for two schemas exactly when `elementBytes` are equal. */
  readonly schemaKey: string;
}

/** An element of a schema with those below it. */
export interface SchemaNode {
  readonly element: SchemaElement;
  /** The element as it stands in the file. */
  readonly bytes: Uint8Array;
  /** REQUIRED where the file states none, and for the root. */
  readonly repetition: number;
  readonly children: readonly SchemaNode[];
  /** Position among the leaves; undefined for a group. */
  readonly leafIndex: number | undefined;
}

/** The root of a schema whose elements were checked to be a tree (`leafColumnsOf`). */
export function schemaTree({ elements, elementBytes }: FlatSchema): SchemaNode {
  let next = 0;
  let leaves = 0;
  const nodeAt = (): SchemaNode => {
    const element = elements[next];
    const bytes = elementBytes[next];
    next++;
    if (element === undefined || bytes === undefined) throw new Error('the schema ends too early');
    const leafIndex = element.type === undefined ? undefined : leaves++;
    const children = Array.from({ length: leafIndex === undefined ? (element.childCount ?? 0) : 0 }, nodeAt);
    return { element, bytes, repetition: element.repetition ?? repetition.REQUIRED, children, leafIndex };
  };
  // What a file states for the root means nothing.
  return { ...nodeAt(), repetition: repetition.REQUIRED };
}

/** Whether there is a leaf below the node, or it is one. */
export function hasLeaves(node: SchemaNode): boolean {
  return node.leafIndex !== undefined || node.children.some(hasLeaves);
}

/** Names from below the root as one text: joined by dots, a name in quotes where it has a dot or a quote itself. */
export function pathText(names: readonly string[]): string {
  return names.map((name) => (/^[^".]+$/.test(name) ? name : JSON.stringify(name))).join('.');
}
