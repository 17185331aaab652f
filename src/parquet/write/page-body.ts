import { type Room, type Rooms, reserve } from '../kernel/rooms.ts';

/** A page under construction: what is put goes to an address in its room, which may move. */
export interface PageBody {
  readonly rooms: Rooms;
  readonly body: Room;
}

/** Makes room for `more` bytes behind address `at` of a body; returns that address, which may have moved. */
export function roomFor({ rooms, body }: PageBody, at: number, more: number): number {
  const used = at - body.at;
  return reserve(rooms, body, used + more, used) + used;
}
