import { unsupported } from './format-error.ts';

// A byte order mark is part of a name: files made of CSV have one in their first column's.
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });
const strict = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Bytes as text to show; what is no UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/**
 * Bytes of a schema element's name as text that encodes to the same bytes again.
 * @throws FormatError when they are no UTF-8
 */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw unsupported(`a column name that is no UTF-8 (${lenient.decode(bytes)})`);
  }
}
