/** Items of which the largest can be taken out again and again, in logarithmic time; of equal ones the first put in. */
export interface LargestFirst<T> {
  /** The largest; undefined when there is none. */
  first(): T | undefined;
  put(item: T): void;
  /** Takes the largest out. */
  take(): T | undefined;
}

/** A binary heap. */
export function largestFirst<T>(sizeOf: (item: T) => number): LargestFirst<T> {
  const heap: { readonly item: T; readonly size: number; readonly number: number }[] = [];
  let count = 0;
  const isBefore = (a: number, b: number): boolean => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return other === undefined;
    return one.size === other.size ? one.number < other.number : one.size > other.size;
  };
  const swap = (a: number, b: number): void => {
    const [one, other] = [heap[a], heap[b]];
    if (one === undefined || other === undefined) return;
    heap[a] = other;
    heap[b] = one;
  };
  return {
    first: () => heap[0]?.item,
    put: (item) => {
      heap.push({ item, size: sizeOf(item), number: count++ });
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!isBefore(at, parent)) break;
        swap(at, parent);
        at = parent;
      }
    },
    take: () => {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first?.item;
      heap[0] = last;
      for (let at = 0; ; ) {
        const child = 2 * at + 1;
        if (child >= heap.length) break;
        const larger = child + 1 < heap.length && isBefore(child + 1, child) ? child + 1 : child;
        if (!isBefore(larger, at)) break;
        swap(at, larger);
        at = larger;
      }
      return first.item;
    },
  };
}
