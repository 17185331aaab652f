import { corrupt } from '../format-error.ts';
import { code } from './codes.ts';
import type { Kernel } from './kernel.ts';

/**
 * The error that a negative code stands for, right after the function returned it.
 * @param what what a value above the greatest allowed one is called
 */
export function problem(kernel: Kernel, number: number, what = 'value'): Error {
  const [first = 0, second = 0, third = 0] = kernel.memory.words.subarray(0, 3);
  switch (number) {
    case code.cutHeader:
      return corrupt(`run header ${first} of ${second} values is cut or too long`);
    case code.emptyRun:
      return corrupt('a run of length 0');
    case code.cutRun:
      return corrupt('a run ends before its value');
    case code.longRun:
      return corrupt(`a run of ${first} values where ${second} are left`);
    case code.emptyGroups:
      return corrupt('a bit-packed run of length 0');
    case code.cutGroups:
      return corrupt(`a bit-packed run of ${first} values is cut`);
    case code.aboveMax:
      return what === 'dictionary index'
        ? corrupt(`dictionary index ${first >>> 0} of ${second} entries`)
        : corrupt(`${what} ${first >>> 0} above ${second}`);
    case code.noLength:
      return corrupt(`value ${first} of ${second} lies behind the end of the page`);
    case code.longValue:
      return corrupt(`value ${first} of ${second} claims ${third >>> 0} bytes`);
    case code.cutLiteral:
      return corrupt('Snappy data is cut in a literal');
    case code.tooMuch:
      return corrupt('Snappy data holds more than it says');
    case code.cutCopy:
      return corrupt('Snappy data is cut in a copy');
    case code.wrongOffset:
      return corrupt(`Snappy copy from ${first >>> 0} bytes back at ${second >>> 0}`);
    case code.tooLittle:
      return corrupt(`Snappy data holds ${first >>> 0} bytes, not the ${second >>> 0} it says`);
    case code.cutDelta:
      return corrupt(`delta-encoded numbers are cut after ${first} of ${second}`);
    case code.wrongBlocks:
      return corrupt(`delta-encoded numbers in blocks of ${first} values and ${second} parts`);
    case code.fewDeltas:
      return corrupt(`${first} delta-encoded numbers where there must be ${second}`);
    case code.wideDelta:
      return corrupt(`delta-encoded numbers of ${first} bits`);
    case code.wrongLength:
      return corrupt(`value ${first} has a length of ${second}`);
    case code.longPrefix:
      return corrupt(`a value takes ${first} bytes over from one of ${second}`);
    case code.cutBytes:
      return corrupt(`value ${first} of ${second} ends behind the end of the page`);
    case code.otherWidth:
      return corrupt(`a value of ${first} bytes where all must have ${second}`);
    case code.cutLz4:
      return corrupt('LZ4 data is cut');
    case code.muchLz4:
      return corrupt('LZ4 data holds more than it says');
    case code.wrongLz4Offset:
      return corrupt(`LZ4 copy from ${first} bytes back at ${second >>> 0}`);
    default:
      return new Error(`the kernel returned ${number}`);
  }
}
