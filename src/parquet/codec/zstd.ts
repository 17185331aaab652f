import * as zlib from 'node:zlib';
import { codec } from '../format.ts';
import { corrupt, unsupported } from '../format-error.ts';
import { zstdFrames } from './zstd-frames.ts';

interface Zstd {
  /** One frame that holds `sizeBytes` bytes. */
  readonly decompress: (frame: Uint8Array, sizeBytes: number) => Uint8Array;
  readonly compress: (bytes: Uint8Array, level: number) => Uint8Array;
}

/** What parquet-java and the library itself take. */
const usualLevel = 3;

// Node.js has it from 22.15 on.
const native: {
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;
  readonly zstdCompressSync?: (
    bytes: Uint8Array,
    options: { params: Readonly<Record<number, number>> },
  ) => Uint8Array;
  readonly constants?: { readonly ZSTD_c_compressionLevel?: number };
} = zlib as object;

let loaded: Zstd | undefined = nativeZstd();
let loading: Promise<Zstd> | undefined;

function nativeZstd(): Zstd | undefined {
  const { zstdDecompressSync: decompress, zstdCompressSync: compress, constants } = native;
  const levelOf = constants?.ZSTD_c_compressionLevel;
  if (decompress === undefined || compress === undefined || levelOf === undefined) return undefined;
  return {
    decompress: (frame, sizeBytes) => decompress(frame, { maxOutputLength: Math.max(1, sizeBytes) }),
    compress: (bytes, level) => compress(bytes, { params: { [levelOf]: level } }),
  };
}

/** The one door to @bokuweb/zstd-wasm. */
async function loadPackage(): Promise<Zstd> {
  if (!('WebAssembly' in globalThis)) {
    throw unsupported(
      'compression ZSTD with this Node.js, which has neither Zstandard of its own nor WebAssembly,',
    );
  }
  const zstd = await import('@bokuweb/zstd-wasm');
  await zstd.init();
  return {
    decompress: (frame, sizeBytes) => zstd.decompress(frame, { defaultHeapSize: Math.max(1, sizeBytes) }),
    compress: (bytes, level) => zstd.compress(bytes, level),
  };
}

/**
 * Makes ready what one of these codecs needs, before pages are read or written with it.
 * @throws FormatError when it cannot run here
 */
export async function prepareCodecs(codecs: Iterable<number>): Promise<void> {
  if (loaded !== undefined) return;
  for (const number of codecs) {
    if (number !== codec.ZSTD) continue;
    // Once, also when several ask at the same time: the package does not bear to be begun twice.
    loading ??= loadPackage();
    loaded = await loading;
    return;
  }
}

function prepared(): Zstd {
  if (loaded === undefined) throw new Error('Zstandard was not made ready');
  return loaded;
}

/**
 * Undoes Zstandard: one frame or several, one behind the other.
 * @param sizeBytes how many bytes must come out
 * @throws FormatError when the data is damaged or holds another number of bytes
 */
export function zstdDecompress(stored: Uint8Array, sizeBytes: number): Uint8Array {
  const { decompress } = prepared();
  const parts: Uint8Array[] = [];
  let left = sizeBytes;
  for (const frame of zstdFrames(stored, sizeBytes)) {
    const size = frame.contentBytes ?? left;
    if (size > left) throw corrupt(`Zstandard data holds more than the ${sizeBytes} bytes it should`);
    try {
      const part = decompress(stored.subarray(frame.start, frame.end), size);
      left -= part.length;
      parts.push(part);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw corrupt(`Zstandard data is damaged or holds more than ${sizeBytes} bytes (${why})`);
    }
  }
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}

/** Compresses to one frame of Zstandard. @param level 1 to 22 */
export function zstdCompress(bytes: Uint8Array, level: number = usualLevel): Uint8Array {
  return prepared().compress(bytes, level);
}
