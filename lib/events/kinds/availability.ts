import { z } from 'zod';
import { define } from '../define.ts';

export const registryWentDown = define(
  'lading.availability',
  'Registry Went Down',
  z.object({
    registry: z.string(),
    since: z.iso.datetime(),
    askedAgainAt: z.iso.datetime(),
    /** What the last probe met. */
    detail: z.string(),
  }),
  (data) => `${data.registry} ${data.since}`,
);

export const registryRecovered = define(
  'lading.availability',
  'Registry Recovered',
  z.object({ registry: z.string(), downSince: z.iso.datetime(), recoveredAt: z.iso.datetime() }),
  (data) => `${data.registry} ${data.downSince}`,
);
