import { languageSamples } from './language-samples.ts';
import { programSamples } from './program-samples.ts';
import type { EcosystemSample } from './sample.ts';
import { systemSamples } from './system-samples.ts';

/** One of every package manager and sort of file that is read. */
export const ecosystemSamples: readonly EcosystemSample[] = [...systemSamples, ...languageSamples, ...programSamples];
