// Where a function leaves what it cannot return: words at the start of the memory, see `resultWords` in ../kernel.ts.

/** Puts a number into word `i` of the result. */
export function setResult(i: i32, value: i32): void {
  store<i32>(usize(i) << 2, value);
}

/** Ends a function with an error code and two numbers that go into the message. */
export function fail(code: i32, first: i32, second: i32): i32 {
  setResult(0, first);
  setResult(1, second);
  return code;
}
