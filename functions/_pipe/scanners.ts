import { readEnvironment } from '../../lib/aws/environment.ts';
import { type ScannerConfig, scannersConfigSchema } from '../../lib/scanners/config.ts';
import { environmentName } from './function.ts';
import { once } from './once.ts';
import { setting } from './wiring.ts';

/** Other scanners that are set to work here; most stacks have none, and then no variable for them. */
export const configuredScanners = once((): readonly ScannerConfig[] =>
  readEnvironment(environmentName.setting('scanners')) === undefined
    ? []
    : setting('scanners', scannersConfigSchema).use,
);
