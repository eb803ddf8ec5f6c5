import fc from 'fast-check';

/**
 * Property tests draw the same cases in every run, so that a change is never blamed for a case that chance found.
 * Chance has its place before a release: `LADING_PROPERTY_SEED=random npm test` draws others, and a number repeats them.
 */
const wanted = process.env.LADING_PROPERTY_SEED;
if (wanted !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted ?? 20_261_124) });
