import { parseXml, XmlElement, XmlError, XmlText } from '@rgrove/parse-xml';

/** An element of an XML file, reduced to what Hadoop's files use. */
export interface Element {
  /** Without a namespace prefix: `include` for `xi:include`. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** All text directly within, trimmed. */
  readonly text: string;
  /** Line it begins at, from 1. */
  readonly line: number;
}

/** Why a text is no XML. */
export interface XmlProblem {
  readonly line: number;
  readonly message: string;
}

/** The root element of an XML text. Entities that the file itself declares are not known, external ones never read. */
export function readXml(text: string): Element | XmlProblem {
  try {
    const { root } = parseXml(text, { includeOffsets: true });
    if (root === null) return { line: 1, message: 'there is no element' };
    return reduced(root, lineCounter(text));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return { line: error.line, message: error.message.split('\n')[0] ?? error.message };
  }
}

function reduced(element: XmlElement, lineAt: (offset: number) => number): Element {
  return {
    name: element.name.replace(/^.*:/, ''),
    attributes: element.attributes,
    line: lineAt(element.start),
    children: element.children
      .filter((child) => child instanceof XmlElement)
      .map((child) => reduced(child, lineAt)),
    text: element.children
      .filter((child) => child instanceof XmlText)
      .map((child) => child.text)
      .join('')
      .trim(),
  };
}

/** Gives line numbers of offsets that are asked for in ascending order. */
function lineCounter(text: string): (offset: number) => number {
  let line = 1;
  let counted = 0;
  return (offset) => {
    for (; counted < offset; counted++) if (text.charCodeAt(counted) === 10) line++;
    return line;
  };
}
