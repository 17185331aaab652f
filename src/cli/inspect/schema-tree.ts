import { convertedType, nameOf, physicalType, repetition } from '../../parquet/format.ts';
import type { SchemaElement } from '../../parquet/metadata/schema-element.ts';
import { printable } from '../output/printable.ts';

/** One element of a schema with those below it. Plain data. */
export interface SchemaNode {
  readonly name: string;
  readonly repetition: string;
  /** Physical type; absent on groups. */
  readonly type?: string;
  /** Logical type with its parameters, or the deprecated converted type. */
  readonly logicalType?: string;
  readonly fieldId?: number;
  readonly children?: readonly SchemaNode[];
}

/** The columns below the root of a flattened schema, as a tree. */
export function schemaTree(elements: readonly SchemaElement[]): readonly SchemaNode[] {
  let next = 1;
  const childrenOf = (element: SchemaElement): SchemaNode[] => {
    const children: SchemaNode[] = [];
    for (let i = 0; i < (element.childCount ?? 0); i++) {
      const child = elements[next++];
      if (child !== undefined) children.push(nodeOf(child));
    }
    return children;
  };
  const nodeOf = (element: SchemaElement): SchemaNode => {
    const logical = logicalText(element);
    return {
      name: element.name,
      repetition: nameOf(repetition, element.repetition ?? repetition.REQUIRED).toLowerCase(),
      ...(element.type === undefined ? {} : { type: typeText(element, element.type) }),
      ...(logical === undefined ? {} : { logicalType: logical }),
      ...(element.fieldId === undefined ? {} : { fieldId: element.fieldId }),
      ...(element.type === undefined ? { children: childrenOf(element) } : {}),
    };
  };
  const root = elements[0];
  return root === undefined ? [] : childrenOf(root);
}

/** The tree as lines: `  optional group position` with what is below it indented by two more. */
export function schemaLines(nodes: readonly SchemaNode[], indent = '  '): readonly string[] {
  return nodes.flatMap((node) => {
    const logical = node.logicalType === undefined ? '' : ` (${node.logicalType})`;
    const fieldId = node.fieldId === undefined ? '' : ` = ${node.fieldId}`;
    return [
      `${indent}${node.repetition} ${node.type ?? 'group'} ${printable(node.name)}${logical}${fieldId}`,
      ...schemaLines(node.children ?? [], `${indent}  `),
    ];
  });
}

function typeText(element: SchemaElement, type: number): string {
  const name = nameOf(physicalType, type);
  return type === physicalType.FIXED_LEN_BYTE_ARRAY ? `${name}(${element.typeLength ?? 0})` : name;
}

function logicalText(element: SchemaElement): string | undefined {
  const logical = element.logicalType;
  if (logical === undefined) {
    if (element.convertedType === undefined) return undefined;
    const name = nameOf(convertedType, element.convertedType);
    return name === 'DECIMAL' ? `DECIMAL(${element.precision ?? '?'}, ${element.scale ?? 0})` : name;
  }
  switch (logical.name) {
    case 'DECIMAL':
      return `DECIMAL(${logical.precision ?? '?'}, ${logical.scale ?? 0})`;
    case 'TIME':
    case 'TIMESTAMP':
      return `${logical.name}(${logical.unit ?? 'unknown'}${logical.isAdjustedToUtc === true ? ', UTC' : ''})`;
    case 'INTEGER':
      return `INTEGER(${logical.bitWidth ?? '?'}, ${logical.isSigned === false ? 'unsigned' : 'signed'})`;
    default:
      return logical.name;
  }
}
