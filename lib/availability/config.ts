import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';

const host = z.string().refine(isRegistryHost, 'not a registry host');

const locationSchema = z.strictObject({
  /** What clients call it: a region, a data centre, a cluster. */
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'not lower-case letters, digits, "." and "-"'),
  /** Registries, nearest first. Those that are not named come after them, the quickest first. */
  registries: z.array(host).min(1).max(50),
});

/** The setting `availability`: when a registry is taken for down, and which one is near to whom. */
export const availabilityConfigSchema = z
  .strictObject({
    /** Whether registries are probed, on the schedule `probeRegistries`. */
    probe: z.boolean().default(true),
    locations: z.array(locationSchema).max(100).default([]),
    breaker: z
      .strictObject({
        /** So many probes in a row have to fail before a registry is left alone. */
        failures: z.int().min(1).max(20).default(3),
        /** Or less than this share of the last four was answered. */
        leastSuccess: z.number().min(0).max(1).default(0.5),
        /** It is then asked again after so long, and twice as long each time that it fails again. */
        coolDownSeconds: z.int().min(1).max(86_400).default(60),
        maxCoolDownSeconds: z.int().min(1).max(86_400).default(900),
      })
      .prefault({}),
  })
  .superRefine(({ locations, breaker }, context) => {
    const names = locations.map(({ name }) => name);
    names.forEach((name, i) => {
      if (names.indexOf(name) === i) return;
      context.addIssue({ code: 'custom', path: ['locations', i, 'name'], message: `"${name}" is named twice` });
    });
    if (breaker.maxCoolDownSeconds < breaker.coolDownSeconds) {
      context.addIssue({
        code: 'custom',
        path: ['breaker', 'maxCoolDownSeconds'],
        message: 'is less than coolDownSeconds',
      });
    }
  });
export type AvailabilityConfig = Readonly<z.infer<typeof availabilityConfigSchema>>;
export type BreakerRules = AvailabilityConfig['breaker'];
