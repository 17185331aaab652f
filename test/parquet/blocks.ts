import type { Rooms } from '../../src/parquet/kernel/rooms.ts';
import type { LeafColumn } from '../../src/parquet/metadata/leaf-column.ts';
import type { ValueBlock } from '../../src/parquet/value-block.ts';
import { bytesAt, placed, placedWords, wordsAt } from './kernels.ts';

/** Puts values, given as PLAIN bytes without length, into a kernel's memory. */
export function blockOf(rooms: Rooms, leaf: LeafColumn, values: readonly Uint8Array[]): ValueBlock {
  const { widthBytes } = leaf;
  const count = values.length;
  if (widthBytes > 0) {
    return { count, widthBytes, bytesAt: placed(rooms, Buffer.concat(values)).at, offsetsAt: 0 };
  }
  const offsets = [0];
  const parts = values.flatMap((value, i) => {
    offsets.push((offsets[i] ?? 0) + 4 + value.length);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, value.length, true);
    return [length, value];
  });
  return {
    count,
    widthBytes,
    bytesAt: placed(rooms, Buffer.concat(parts)).at,
    offsetsAt: placedWords(rooms, offsets).at,
  };
}

/** The values of a block as PLAIN bytes without length. */
export function valuesOf({ kernel }: Rooms, block: ValueBlock): readonly Uint8Array[] {
  const { count, widthBytes } = block;
  if (widthBytes > 0) {
    return Array.from({ length: count }, (_, i) =>
      bytesAt(kernel, block.bytesAt + i * widthBytes, widthBytes),
    );
  }
  const offsets = wordsAt(kernel, block.offsetsAt, count + 1);
  return Array.from({ length: count }, (_, i) => {
    const start = (offsets[i] ?? 0) + 4;
    return bytesAt(kernel, block.bytesAt + start, (offsets[i + 1] ?? 0) - start);
  });
}

/** A 64-bit hash of each value, where the kernel hashes them to. */
export function hashesOf(rooms: Rooms, block: ValueBlock): ReturnType<typeof placed> {
  const { kernel } = rooms;
  const room = placed(rooms, new Uint8Array(block.count * 8));
  if (block.widthBytes > 0) kernel.hashFixed(block.widthBytes, block.bytesAt, block.count, room.at);
  else kernel.hashVariable(block.bytesAt, block.offsetsAt, block.count, room.at);
  return room;
}
