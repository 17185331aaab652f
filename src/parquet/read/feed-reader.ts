import { advance, type ChunkWindow, type MovingWindow } from './chunk-window.ts';
import type { PageReader } from './page-reader.ts';

/** Whether a window moves over its chunk, or has all of it. */
export function isMoving(window: ChunkWindow): window is MovingWindow {
  return 'source' in window;
}

/**
 * Moves the window of a starved reader on to where it said that it must reach.
 * @throws StoreError when the source cannot be read
 */
export async function feed(reader: PageReader): Promise<void> {
  const { rooms, window } = reader;
  if (!isMoving(window)) throw new Error('a reader lacks bytes of a chunk that it has whole');
  await advance(rooms, window, reader.position, reader.neededTo);
}
