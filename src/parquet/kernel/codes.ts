/** What the kernel's functions return when something is wrong. The same numbers stand in `assembly/`. */
export const code = {
  cutHeader: -1,
  emptyRun: -2,
  cutRun: -3,
  longRun: -4,
  emptyGroups: -5,
  cutGroups: -6,
  aboveMax: -7,
  noLength: -8,
  longValue: -9,
  cutLiteral: -10,
  tooMuch: -11,
  cutCopy: -12,
  wrongOffset: -13,
  tooLittle: -14,
} as const;
