import { repetition } from '../format.ts';
import { annotationText, leafKind, typeText } from './column-kind.ts';
import { type FlatSchema, hasLeaves, pathText, type SchemaNode, schemaTree } from './schema-node.ts';

/**
 * What a schema says, by what it says it of: a column's path in lower case, `''` for the schema as a whole, a field id.
 * Files of two schemas can be merged exactly when the two say nothing different of the same thing; what only one of them speaks
 * of does not matter. Since that is equality key by key, any number of schemas can be merged when each two of them can.
 *
 * A value tells what may not differ, and no more: the kind of a leaf's values (`leafKind`), how a group is annotated, the spelling of
 * a name, and the names of columns that cannot come or go:
 * - repeated ones: a row of a file without the column would have an empty list, where null is meant;
 * - the one element of a LIST and the key and value of a MAP: another column beside them changes what the others are;
 * - all below a MAP's key, and below a group of another annotation (VARIANT, for one);
 * - groups without any column below, of which no file says whether they are null.
 *
 * Schemas with two columns of one name, or of names that differ in case only, agree only with equal schemas.
 */
export function schemaTraits(schema: FlatSchema): ReadonlyMap<string, string> {
  const traits = new Map<string, string>();
  const root = schemaTree(schema);
  const alike = namesAlike(root, []);
  if (alike !== undefined) {
    return new Map([['', `the very schema ${schema.schemaKey} (${alike} stands there twice, but for case)`]]);
  }
  traits.set('', `a schema${repeatedBelow(root)}`);
  for (const child of root.children) walk(child, [], 'open', traits);
  walkFieldIds(root, [], traits);
  return traits;
}

/** What two schemas say differently of the same thing: see {@link schemaTraits}. */
export interface TraitConflict {
  readonly key: string;
  readonly first: string;
  readonly second: string;
}

/** The conflicts between two schemas' traits; none when files of both can be merged. */
export function traitConflicts(
  first: ReadonlyMap<string, string>,
  second: ReadonlyMap<string, string>,
): readonly TraitConflict[] {
  return [...first].flatMap(([key, value]) => {
    const other = second.get(key);
    return other === undefined || other === value ? [] : [{ key, first: value, second: other }];
  });
}

/** The key of a column's trait. */
export function columnTraitKey(names: readonly string[]): string {
  return `column ${pathText(names).toLowerCase()}`;
}

/** The keys of what is said about a column's field id: which one it has, and who else has it. */
export function fieldIdTraitKeys(names: readonly string[], fieldId: number): readonly [string, string] {
  const group = names.length === 1 ? '' : ` in ${pathText(names.slice(0, -1)).toLowerCase()}`;
  return [`field id of column ${pathText(names).toLowerCase()}`, `column of field id ${fieldId}${group}`];
}

/** How a node's children may differ from file to file. */
type Children = 'open' | 'list' | 'map' | 'entries' | 'fixed' | 'exact';

function walk(
  node: SchemaNode,
  above: readonly string[],
  place: 'open' | 'entries' | 'key' | 'list',
  traits: Map<string, string>,
): void {
  const { name } = node.element;
  const names = [...above, name];
  const children = place === 'key' ? 'fixed' : childrenOf(node, place);
  const spelling = name === name.toLowerCase() ? '' : `, spelled ${name}`;
  traits.set(columnTraitKey(names), `${kindOf(node, children, place === 'list')}${spelling}`);
  if (children === 'fixed' || children === 'exact') return;
  for (const [i, child] of node.children.entries()) {
    const inner = children === 'map' ? 'entries' : children === 'list' ? 'list' : 'open';
    walk(child, names, children === 'entries' && i === 0 ? 'key' : inner, traits);
  }
}

function childrenOf(node: SchemaNode, place: 'open' | 'entries' | 'list'): Children {
  if (node.leafIndex !== undefined) return 'open';
  const annotation = annotationText(node);
  const [only, ...more] = node.children;
  const holdsRepeated = only !== undefined && more.length === 0 && only.repetition === repetition.REPEATED;
  if (annotation === 'LIST') return holdsRepeated ? 'list' : 'exact';
  if (annotation === 'MAP' || annotation === 'MAP_KEY_VALUE') {
    if (place === 'entries') return 'entries';
    return holdsRepeated && only.children.length >= 1 && only.children.length <= 2 ? 'map' : 'exact';
  }
  if (annotation !== '') return 'exact';
  if (place === 'entries') return 'entries';
  return 'open';
}

function kindOf(node: SchemaNode, children: Children, isInList: boolean): string {
  const isRepeated = node.repetition === repetition.REPEATED;
  const prefix = isRepeated ? 'repeated ' : '';
  if (node.leafIndex !== undefined) return `${prefix}${leafKind(node)}`;
  const type = `${prefix}${typeText(node)}`;
  if (children === 'exact') return `${type} of exactly ${signature(node, true)}`;
  if (children === 'fixed') return `${type} of ${signature(node, false)}`;
  if (!hasLeaves(node)) return `${type} without columns`;
  const names = node.children.map(({ element }) => element.name);
  if (children === 'entries') return `${type} of ${pathText(names)}`;
  // With one column, the element of a list is that column; with more, it is the group around them.
  const single = isInList && names.length === 1 ? ` of ${pathText(names)} alone` : '';
  return `${type}${single}${repeatedBelow(node)}`;
}

function repeatedBelow({ children }: SchemaNode): string {
  const names = children
    .filter((child) => child.repetition === repetition.REPEATED)
    .map((c) => c.element.name);
  return names.length === 0
    ? ''
    : ` with repeated ${names
        .toSorted()
        .map((name) => pathText([name]))
        .join(', ')}`;
}

// All columns below a node; `exactly` tells the widths of numbers and what may be null apart.
function signature(node: SchemaNode, exactly: boolean): string {
  return node.children
    .map((child) => {
      const isRepeated = child.repetition === repetition.REPEATED;
      const prefix = exactly ? `${child.repetition} ` : isRepeated ? 'repeated ' : '';
      const kind = exactly || child.leafIndex === undefined ? typeText(child) : leafKind(child);
      const below = child.leafIndex === undefined ? ` {${signature(child, exactly)}}` : '';
      return `${prefix}${pathText([child.element.name])} ${kind}${below}`;
    })
    .join(', ');
}

// Within a group, a field id is a column's identity for some readers and the name is for others: both must agree.
function walkFieldIds(node: SchemaNode, above: readonly string[], traits: Map<string, string>): void {
  const ids = node.children.map(({ element }) => element.fieldId);
  for (const [i, child] of node.children.entries()) {
    const names = [...above, child.element.name];
    const id = ids[i];
    if (isFieldId(id)) {
      const [idOf, columnOf] = fieldIdTraitKeys(names, id);
      traits.set(idOf, String(id));
      // Where an id stands twice it names nothing.
      if (ids.indexOf(id) === ids.lastIndexOf(id)) traits.set(columnOf, pathText([child.element.name]));
    }
    walkFieldIds(child, names, traits);
  }
}

/** Whether a field id is one: some writers state a negative number for none. */
export function isFieldId(id: number | undefined): id is number {
  return id !== undefined && id >= 0;
}

// A name that another column of the same group has too, as readers see it that do not look at case.
function namesAlike(node: SchemaNode, above: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const child of node.children) {
    const names = [...above, child.element.name];
    const name = child.element.name.toLowerCase();
    if (seen.has(name)) return `column ${pathText(names)}`;
    seen.add(name);
    const below = namesAlike(child, names);
    if (below !== undefined) return below;
  }
  return undefined;
}
