/**
 * Caps that are checked before anything is allocated, so that a damaged or hostile file costs an error and no
 * memory. Far above what any writer makes.
 */
export const limits = {
  /** Longest footer. Arrow refuses 100 MB of thrift too. */
  footerBytes: 100 * 1024 * 1024,
  /** Most elements of a schema, groups included. */
  schemaElements: 100_000,
  /** Deepest nesting of groups; levels then fit in a byte. */
  schemaDepth: 200,
  /** Largest page, compressed or not. Room for it is needed twice while gzip is undone. */
  pageBytes: 256 * 1024 * 1024,
  /** Most level entries a page may claim. */
  pageValues: 256 * 1024 * 1024,
  /**
   * Most levels or values of a page that are decoded. Run-length encoding lets a few bytes stand for any number; only
   * pages whose entries are all null may hold more, since those need no room.
   */
  decodedPageValues: 16 * 1024 * 1024,
  /** Most level entries of a column in one output row group. */
  chunkValues: 32 * 1024 * 1024,
  /** Most PLAIN bytes of a column in one output row group: places in them are 32-bit numbers. */
  chunkBytes: 1024 * 1024 * 1024,
  /** Most characters of the dotted paths of all columns together. */
  pathCharacters: 16 * 1024 * 1024,
  /** Most key-value pairs of a footer. */
  keyValues: 100_000,
  /** Most encodings a column chunk lists. */
  encodings: 1000,
  /** Deepest nesting of an unknown thrift struct that is skipped. */
  thriftDepth: 64,
  /** Widest FIXED_LEN_BYTE_ARRAY. */
  fixedLengthBytes: 16 * 1024 * 1024,
} as const;
