/** Set by `npm run test:full`: what takes too long for every change runs, too. */
export const fullMatrix = (process.env.TEST_FULL ?? '') !== '';
