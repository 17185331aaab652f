import type { ByteSink } from '../../src/core/byte-sink.ts';
import type { ByteSource } from '../../src/core/byte-source.ts';
import { StoreError } from '../../src/core/errors.ts';
import {
  type FileRef,
  type FileStatus,
  type Placement,
  type Store,
  sameGeneration,
} from '../../src/store/store.ts';

/** What a file holds. */
export interface FileContent {
  readonly sizeBytes: number;
  /** Bytes that the caller may keep. The range lies inside the file. */
  read(offsetBytes: number, lengthBytes: number): Uint8Array;
}

/** A file that is being written. */
export interface ContentWriter {
  write(bytes: Uint8Array): void;
  end(): FileContent;
}

interface Node {
  readonly fileId: string;
  kind: 'file' | 'directory';
  content: FileContent;
  modifiedAtMs: number;
  mode: number;
  owner: string;
  group: string;
  acl: readonly string[];
  placement: Placement;
  readonly children: Map<string, Node>;
}

/** HDFS in memory, as far as a `Store` sees it. */
export interface MemoryHdfs {
  readonly store: Store;
  /** The time the store tells; only moved by hand. */
  setNowMs(nowMs: number): void;
  /** Puts a file into a directory that is there. */
  addFile(path: string, content: FileContent, modifiedAtMs: number): void;
  /** Sets a file or directory's modification time. */
  setModifiedAt(path: string, modifiedAtMs: number): void;
  /** Appends to a file behind the program's back. */
  append(path: string, text: string): void;
  /** What the file at a path holds; undefined when there is none. */
  textOf(path: string): string | undefined;
}

/** Of every file: there may be 100,000s. */
const noChildren = new Map<string, Node>();
const noEntries: readonly string[] = [];

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const defaultPlacement: Placement = { blockSizeBytes: 128 * 2 ** 20, replication: 3 };

/**
 * A store in memory that behaves like HDFS where a swap can tell: fileIds that renames and CONCAT keep, CONCAT in one
 * step, RENAME with OVERWRITE, no hard links. For loops over every mutation, which would take hours on the real one; the
 * store contract and test/hdfs hold the real one to the same.
 */
export function memoryHdfs(
  options: {
    readonly concatPathBytes?: number;
    /** Where what is written goes; into memory unless told. */
    readonly beginContent?: (path: string) => ContentWriter;
  } = {},
): MemoryHdfs {
  const beginContent = options.beginContent ?? inMemory;
  let nextId = 16_386;
  let nowMs = Date.UTC(2026, 0, 2);
  const makeNode = (kind: Node['kind'], mode: number, placement = defaultPlacement): Node => ({
    fileId: String(nextId++),
    kind,
    content: contentOf(new Uint8Array(0)),
    modifiedAtMs: nowMs,
    mode,
    owner: 'lake',
    group: 'analysts',
    acl: noEntries,
    placement,
    children: kind === 'file' ? noChildren : new Map(),
  });
  const root = makeNode('directory', 0o755);

  const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');
  const nodeAt = (path: string): Node | undefined => {
    let node: Node | undefined = root;
    for (const part of partsOf(path)) node = node?.children.get(part);
    return node;
  };
  const parentOf = (op: string, path: string): { readonly parent: Node; readonly name: string } => {
    const parts = partsOf(path);
    const name = parts.pop() ?? '';
    const parent = nodeAt(parts.join('/'));
    if (parent === undefined) throw failure('not-found', op, path, 'its directory does not exist');
    if (parent.kind !== 'directory') throw failure('not-a-directory', op, path, 'its parent is no directory');
    return { parent, name };
  };
  const fileAt = (op: string, path: string): Node => {
    const node = nodeAt(path);
    if (node === undefined) throw failure('not-found', op, path, 'there is no such file');
    if (node.kind !== 'file') throw failure('not-a-file', op, path, 'it is a directory');
    return node;
  };
  const statusOf = (path: string, node: Node): FileStatus => ({
    path,
    name: partsOf(path).at(-1) ?? '',
    kind: node.kind,
    sizeBytes: node.content.sizeBytes,
    modifiedAtMs: node.modifiedAtMs,
    fileId: node.fileId,
    owner: node.owner,
    group: node.group,
    mode: node.mode,
    acl: node.acl,
    ...(node.kind === 'file' ? { placement: node.placement } : {}),
  });
  const takeOut = (op: string, path: string): Node => {
    const { parent, name } = parentOf(op, path);
    const node = parent.children.get(name);
    if (node === undefined) throw failure('not-found', op, path, 'there is nothing of that name');
    parent.children.delete(name);
    parent.modifiedAtMs = nowMs;
    return node;
  };
  const statusAt = (path: string): FileStatus | undefined => {
    const node = nodeAt(path);
    return node === undefined ? undefined : statusOf(path, node);
  };
  const check = (path: string, expected: FileRef): Node => {
    const node = nodeAt(path);
    if (node === undefined) throw failure('not-found', 'open', path, 'there is no such file');
    if (!sameGeneration(statusOf(path, node), expected)) {
      throw failure('changed', 'open', path, 'it is no longer the file that was listed');
    }
    return node;
  };

  const store: Store = {
    uri: 'hdfs://memory:8020',
    abilities: { fold: true, hardLink: false, concatPathBytes: options.concatPathBytes ?? 58_000 },
    nowMs: async () => nowMs,
    stat: async (path) => statusAt(path),
    list: async (directory, range = { after: '', upTo: '\u{10ffff}' }) => {
      const node = nodeAt(directory);
      if (node?.kind !== 'directory') return undefined;
      return [...node.children]
        .filter(([name]) => compareBytes(name, range.after) > 0 && compareBytes(name, range.upTo) <= 0)
        .map(([name, child]) => statusOf(`${directory}/${name}`, child))
        .sort((a, b) => compareBytes(a.name, b.name));
    },
    open: async (path, expected): Promise<ByteSource> => {
      const node = check(path, expected);
      let isOpen = true;
      return {
        name: `hdfs://memory:8020${path}`,
        sizeBytes: node.content.sizeBytes,
        read: async (offsetBytes, lengthBytes) => {
          if (!isOpen || offsetBytes < 0 || offsetBytes + lengthBytes > expected.sizeBytes) {
            throw new RangeError(`${path}: bytes ${offsetBytes}..${offsetBytes + lengthBytes}`);
          }
          return check(path, expected).content.read(offsetBytes, lengthBytes);
        },
        close: async () => {
          isOpen = false;
        },
      };
    },
    makeDirectory: async (path, mode) => {
      let node = root;
      for (const part of partsOf(path)) {
        let next = node.children.get(part);
        if (next === undefined) {
          next = makeNode('directory', mode);
          node.children.set(part, next);
          node.modifiedAtMs = nowMs;
        }
        if (next.kind !== 'directory')
          throw failure('exists', 'make-directory', path, 'a file is in the way');
        node = next;
      }
    },
    create: async (path, placement): Promise<ByteSink> => {
      const { parent, name } = parentOf('create', path);
      if (parent.children.has(name)) throw failure('exists', 'create', path, 'its name is taken');
      const node = makeNode('file', 0o644, placement ?? defaultPlacement);
      parent.children.set(name, node);
      parent.modifiedAtMs = nowMs;
      const writer = beginContent(path);
      return {
        name: path,
        write: async (bytes) => {
          writer.write(bytes);
        },
        close: async () => {
          node.content = writer.end();
          node.modifiedAtMs = nowMs;
        },
        abort: async () => {},
      };
    },
    rename: async (from, to) => {
      if (nodeAt(from) === undefined)
        throw failure('not-found', 'rename', from, 'there is nothing of that name');
      const { parent, name } = parentOf('rename', to);
      if (parent.children.has(name)) throw failure('exists', 'rename', to, 'its name is taken');
      const node = takeOut('rename', from);
      parent.children.set(name, node);
      parent.modifiedAtMs = nowMs;
    },
    hardLink: async (from) => {
      throw failure('not-supported', 'hard-link', from, 'HDFS has no hard links');
    },
    concat: async (target, sources) => {
      const into = fileAt('concat', target);
      const directory = target.slice(0, target.lastIndexOf('/'));
      const nodes = sources.map((source) => {
        if (source.slice(0, source.lastIndexOf('/')) !== directory) {
          throw failure('concat-refused', 'concat', source, 'it is in another directory');
        }
        if (source.includes(',')) throw failure('concat-refused', 'concat', source, 'its path has a comma');
        const node = fileAt('concat', source);
        if (node.content.sizeBytes === 0) throw failure('concat-refused', 'concat', source, 'it is empty');
        if (node.placement.blockSizeBytes > into.placement.blockSizeBytes) {
          throw failure('concat-refused', 'concat', source, 'its preferred block size is larger');
        }
        return node;
      });
      if (new Set(nodes).size !== nodes.length || nodes.includes(into) || nodes.length === 0) {
        throw failure('concat-refused', 'concat', target, 'a source is named twice, or is the target');
      }
      into.content = joined([into.content, ...nodes.map((node) => node.content)]);
      for (const source of sources) takeOut('concat', source);
      into.modifiedAtMs = nowMs;
    },
    replaceFile: async (from, to, replacedId) => {
      fileAt('replace-file', from);
      const { parent, name } = parentOf('replace-file', to);
      if (replacedId !== undefined && parent.children.get(name)?.fileId !== replacedId) {
        throw failure('changed', 'replace-file', to, 'it is another file');
      }
      if (parent.children.get(name)?.kind === 'directory') {
        throw failure('exists', 'replace-file', to, 'it is a directory');
      }
      parent.children.set(name, takeOut('replace-file', from));
      parent.modifiedAtMs = nowMs;
    },
    deleteFile: async (path) => {
      const node = nodeAt(path);
      if (node === undefined) return false;
      fileAt('delete', path);
      takeOut('delete', path);
      return true;
    },
    deleteDirectory: async (path) => {
      const node = nodeAt(path);
      if (node === undefined) return false;
      if (node.kind !== 'directory')
        throw failure('not-a-directory', 'delete-directory', path, 'it is a file');
      takeOut('delete-directory', path);
      return true;
    },
    removeEmptyDirectory: async (path) => {
      const node = nodeAt(path);
      if (node?.kind !== 'directory' || node.children.size > 0) return false;
      takeOut('remove-empty-directory', path);
      return true;
    },
    setAttributes: async (path, { owner, group, mode, acl }) => {
      const node = nodeAt(path);
      if (node === undefined)
        throw failure('not-found', 'set-attributes', path, 'there is nothing of that name');
      if (group.startsWith('no-such'))
        throw failure('attributes-refused', 'set-attributes', path, 'no such group');
      Object.assign(node, { owner, group, mode, acl });
    },
    touch: async (path) => {
      const node = nodeAt(path);
      if (node === undefined) throw failure('not-found', 'touch', path, 'there is nothing of that name');
      node.modifiedAtMs = nowMs;
    },
  };
  return {
    store,
    setNowMs: (value) => {
      nowMs = value;
    },
    addFile: (path, content, modifiedAtMs) => {
      const { parent, name } = parentOf('create', path);
      parent.children.set(name, Object.assign(makeNode('file', 0o644), { content, modifiedAtMs }));
    },
    setModifiedAt: (path, modifiedAtMs) => {
      const node = nodeAt(path);
      if (node !== undefined) node.modifiedAtMs = modifiedAtMs;
    },
    append: (path, text) => {
      const node = fileAt('append', path);
      node.content = joined([node.content, contentOf(Buffer.from(text))]);
      node.modifiedAtMs = nowMs;
    },
    textOf: (path) => {
      const node = nodeAt(path);
      return node?.kind === 'file'
        ? Buffer.from(node.content.read(0, node.content.sizeBytes)).toString('utf8')
        : undefined;
    },
  };
}

/** Bytes as the content of a file. */
export function contentOf(bytes: Uint8Array): FileContent {
  return {
    sizeBytes: bytes.length,
    read: (offsetBytes, lengthBytes) => bytes.slice(offsetBytes, offsetBytes + lengthBytes),
  };
}

function inMemory(): ContentWriter {
  const chunks: Uint8Array[] = [];
  return {
    write: (bytes) => {
      chunks.push(bytes.slice());
    },
    end: () => contentOf(Buffer.concat(chunks)),
  };
}

/** One file's bytes after the other's. */
function joined(parts: readonly FileContent[]): FileContent {
  return {
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    read: (offsetBytes, lengthBytes) => {
      const bytes = new Uint8Array(lengthBytes);
      let start = 0;
      for (const part of parts) {
        const from = Math.max(0, offsetBytes - start);
        const to = Math.min(part.sizeBytes, offsetBytes + lengthBytes - start);
        if (from < to) bytes.set(part.read(from, to - from), start + from - offsetBytes);
        start += part.sizeBytes;
      }
      return bytes;
    },
  };
}

function failure(code: string, op: string, path: string, problem: string): StoreError {
  return new StoreError(`cannot ${op} ${path}: ${problem}`, { code, op, path });
}
