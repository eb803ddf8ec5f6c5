import { artifactory } from './artifactory.ts';
import { ecr } from './ecr.ts';
import { gitlab } from './gitlab.ts';
import { google } from './google.ts';
import { harbor } from './harbor.ts';
import type { Dialect } from './model.ts';
import { sayable } from './normalize.ts';
import { quay } from './quay.ts';
import { zot } from './zot.ts';

export type { Dialect, Reading, Writing } from './model.ts';

/** The languages of other registries that retention is read from and written in. */
export const dialects = {
  ecr: sayable(ecr),
  harbor: sayable(harbor),
  zot: sayable(zot),
  google: sayable(google),
  gitlab: sayable(gitlab),
  quay: sayable(quay),
  artifactory: sayable(artifactory),
} as const satisfies Record<string, Dialect>;
export type DialectName = keyof typeof dialects;
