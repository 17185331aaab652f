#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { run } from './cli/run.ts';

// V8 11, that of Node.js 20, spends a tenth of a merge on compiling functions that are then hardly used: its optimizing
// compiler begins at a quarter of the calls that this says. Later ones have a cheaper compiler in between.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=600000');

// Not process.exit: what was written to a pipe must be able to drain.
process.exitCode = await run(process.argv.slice(2));
