import { corrupt } from '../format-error.ts';

/**
 * Decodes Snappy's block format (google/snappy, format_description.txt) into `out` from index 0. Most pages of small
 * files are literals, for which this is several times as fast as a call into the native library; measured by
 * `npm run bench`.
 * @param sizeBytes what the result must have; `out` has that room
 * @throws FormatError when the data lies about its size, points outside, or is cut
 */
export function decodeSnappy(bytes: Uint8Array, out: Uint8Array, sizeBytes: number): void {
  const end = bytes.length;
  let position = snappyPreamble(bytes, sizeBytes);
  let written = 0;
  while (position < end) {
    const tag = bytes[position++] as number;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const extra = length - 60;
        if (position + extra > end) throw corrupt('Snappy data is cut in a literal');
        length = 1;
        for (let i = 0, scale = 1; i < extra; i++, scale *= 256)
          length += (bytes[position++] as number) * scale;
      }
      if (position + length > end) throw corrupt('Snappy data is cut in a literal');
      if (written + length > sizeBytes) throw corrupt('Snappy data holds more than it says');
      if (length <= 24) {
        for (let i = 0; i < length; i++) out[written++] = bytes[position++] as number;
      } else {
        out.set(bytes.subarray(position, position + length), written);
        written += length;
        position += length;
      }
      continue;
    }
    let length = (tag >> 2) + 1;
    let offset: number;
    // Bytes behind the end read as undefined, which `| 0` turns to 0; the loop then finds the data cut.
    if (kind === 1) {
      length = ((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | (bytes[position] as number);
      position += 1;
    } else if (kind === 2) {
      offset = (bytes[position] as number) | ((bytes[position + 1] as number) << 8);
      position += 2;
    } else {
      offset =
        ((bytes[position] as number) |
          ((bytes[position + 1] as number) << 8) |
          ((bytes[position + 2] as number) << 16) |
          ((bytes[position + 3] as number) << 24)) >>>
        0;
      position += 4;
    }
    if (position > end) throw corrupt('Snappy data is cut in a copy');
    if (offset === 0 || offset > written)
      throw corrupt(`Snappy copy from ${offset} bytes back at ${written}`);
    if (written + length > sizeBytes) throw corrupt('Snappy data holds more than it says');
    let from = written - offset;
    if (offset >= length && length > 32) {
      out.copyWithin(written, from, from + length);
      written += length;
    } else {
      // Source and target may overlap: byte by byte is what the format means.
      for (const to = written + length; written < to; ) out[written++] = out[from++] as number;
    }
  }
  if (written !== sizeBytes)
    throw corrupt(`Snappy data holds ${written} bytes, not the ${sizeBytes} it says`);
}

function snappyPreamble(bytes: Uint8Array, sizeBytes: number): number {
  let stated = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i];
    if (byte === undefined) break;
    stated += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) {
      if (stated === sizeBytes) return i + 1;
      throw corrupt(`Snappy data says it holds ${stated} bytes, the page header says ${sizeBytes}`);
    }
  }
  throw corrupt('Snappy data has no length');
}
