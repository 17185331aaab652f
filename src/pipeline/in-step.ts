import type { MergeInput } from '../parquet/merge/merge-request.ts';

/** Inputs that two go through in their order, so that each is read once for both. */
export interface InStep {
  /** For the one that leads, and never waits. */
  readonly inputs: readonly MergeInput[];
  /** Resolves once the other one may read the input of this number: when it is not far before what the leading one reads. */
  mayRead(index: number): Promise<void>;
  /** Says that the other one has read the input of this number, and all before it. */
  hasRead(index: number): void;
  /** Says that the leading one reads no more: the other one waits for nothing then. To be called in the end, whatever came of it. */
  over(): void;
}

/** How far apart the two may be. */
export interface StepLimits {
  /** The other one reads at most so far before the leading one. */
  readonly aheadBytes: number;
  /** Told, some at a time, which inputs both have gone by, each once at most. */
  readonly done: (from: number, to: number) => void;
}

/** Inputs that are told of together. */
const toldTogether = 64;

/** Two that go through `inputs`, neither of which has begun. */
export function inStep(inputs: readonly MergeInput[], { aheadBytes, done }: StepLimits): InStep {
  const starts = startsOf(inputs);
  let leading = 0;
  let following = 0;
  let told = 0;
  let isOver = false;
  let waiting: { readonly index: number; readonly go: () => void }[] = [];
  const mayGo = (index: number): boolean =>
    isOver || (starts[index] as number) - (starts[leading] as number) <= aheadBytes;
  const letGo = (): void => {
    const free = waiting.filter(({ index }) => mayGo(index));
    if (free.length === 0) return;
    waiting = waiting.filter(({ index }) => !mayGo(index));
    for (const { go } of free) go();
  };
  const tell = (): void => {
    const to = Math.min(leading, following);
    if (to - told < toldTogether) return;
    done(told, to);
    told = to;
  };
  const reach = (index: number): void => {
    if (index <= leading) return;
    leading = index;
    tell();
    letGo();
  };
  return {
    inputs: inputs.map(({ source, footer }, index) => ({
      source: {
        ...source,
        read: (offsetBytes, lengthBytes) => {
          reach(index);
          return source.read(offsetBytes, lengthBytes);
        },
      },
      footer,
    })),
    mayRead: (index) => {
      if (mayGo(index)) return Promise.resolve();
      return new Promise((go) => waiting.push({ index, go }));
    },
    hasRead(index) {
      following = Math.max(following, index + 1);
      tell();
    },
    over() {
      isOver = true;
      letGo();
    },
  };
}

/** Where each input begins, were they one file. */
function startsOf(inputs: readonly MergeInput[]): Float64Array {
  const starts = new Float64Array(inputs.length);
  let offsetBytes = 0;
  for (const [index, { source }] of inputs.entries()) {
    starts[index] = offsetBytes;
    offsetBytes += source.sizeBytes;
  }
  return starts;
}
