/** Bytes of {@link crcTable}. */
export const crcTableBytes = 8 * 256 * 4;

/**
 * What CRC-32 (as gzip has it) is computed by, eight bytes at a time: word `256 * k + b` is the CRC of byte b and k bytes of 0
 * behind it.
 */
export function crcTable(): Int32Array {
  const table = new Int32Array(crcTableBytes / 4);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    table[byte] = crc;
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256] as number;
    table[i] = (before >>> 8) ^ (table[before & 255] as number);
  }
  return table;
}
