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
  /** Largest page, compressed or not. */
  pageBytes: 512 * 1024 * 1024,
  /** Most level entries in one page. */
  pageValues: 256 * 1024 * 1024,
  /** Deepest nesting of an unknown thrift struct that is skipped. */
  thriftDepth: 64,
  /** Widest FIXED_LEN_BYTE_ARRAY. */
  fixedLengthBytes: 16 * 1024 * 1024,
} as const;
