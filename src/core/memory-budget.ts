/** Memory that pieces of work reserve from before they take it, so that all at once do not take more than there is. */
export interface MemoryBudget {
  readonly totalBytes: number;
  /**
   * Resolves once so much is free; in the order of asking, so that a large piece of work is not put off by small ones for
   * ever. Whoever asks for more than the whole gets the whole: that work then goes on alone.
   * Who holds a reservation must not ask for another one of the same budget.
   * @throws the reason of `stop`, when that is aborted while it waits
   */
  reserve(bytes: number, stop?: AbortSignal): Promise<Reservation>;
  /** What is reserved right now; never more than the whole. */
  reservedBytes(): number;
}

/** Memory that was reserved. */
export interface Reservation {
  /** How much; 0 after the release. */
  bytes(): number;
  /** Gives back what is beyond this; does nothing when that is not less. */
  shrinkTo(bytes: number): void;
  /** Gives it back; more than once is the same as once. */
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly begin: (reservation: Reservation) => void;
}

/** A budget of which nothing is reserved. */
export function memoryBudget(totalBytes: number): MemoryBudget {
  let reserved = 0;
  const queue: Waiting[] = [];

  const reservationOf = (bytes: number): Reservation => {
    let held = bytes;
    reserved += bytes;
    const shrinkTo = (wanted: number): void => {
      if (wanted >= held) return;
      reserved -= held - wanted;
      held = wanted;
      serve();
    };
    return { bytes: () => held, shrinkTo, release: () => shrinkTo(0) };
  };
  const serve = (): void => {
    for (let first = queue[0]; first !== undefined; first = queue[0]) {
      if (reserved + first.bytes > totalBytes) return;
      queue.shift();
      first.begin(reservationOf(first.bytes));
    }
  };

  return {
    totalBytes,
    reservedBytes: () => reserved,
    reserve: async (wanted, stop) => {
      stop?.throwIfAborted();
      const bytes = Math.min(totalBytes, Math.max(0, Math.ceil(wanted)));
      return await new Promise<Reservation>((resolve, reject) => {
        const giveUp = (): void => {
          queue.splice(queue.indexOf(waiting), 1);
          reject(stop?.reason);
          // Those behind it may fit now.
          serve();
        };
        const waiting: Waiting = {
          bytes,
          begin: (reservation) => {
            stop?.removeEventListener('abort', giveUp);
            resolve(reservation);
          },
        };
        stop?.addEventListener('abort', giveUp, { once: true });
        queue.push(waiting);
        serve();
      });
    },
  };
}
