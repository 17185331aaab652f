/** A number with all that it takes to work it out again. Plain JSON. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In words, over the names of the inputs. */
  readonly formula: string;
  readonly inputs: Readonly<Record<string, number>>;
}

/** A figure. */
export function figure(
  name: string,
  value: number,
  unit: string,
  formula: string,
  inputs: Figure['inputs'],
): Figure {
  return { name, value, unit, formula, inputs };
}
