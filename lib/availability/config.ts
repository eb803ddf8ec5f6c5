import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';

const host = z.string().refine(isRegistryHost, 'not a registry host');

const locationSchema = z.strictObject({
  /** What clients call it: a region, a data centre, a cluster. */
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'not lower-case letters, digits, "." and "-"'),
  /** Registries, nearest first. Those that are not named come after them, the quickest first. */
  registries: z.array(host).min(1).max(50),
});

/** A name in front of two mirrors, of which the second answers where the first does not: CloudFront and Route 53. */
const frontSchema = z.strictObject({
  domainName: z.string().regex(/^[a-z0-9.-]{4,253}$/, 'not a domain name'),
  /** CloudFront takes certificates of this region only. */
  certificateArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/[0-9a-f-]+$/,
      'not the ARN of a certificate in us-east-1',
    ),
  /** Where the name is entered; without it, by whoever has the zone. */
  hostedZoneId: z
    .string()
    .regex(/^Z[A-Z0-9]{5,31}$/, 'not the id of a hosted zone')
    .optional(),
  /** Two of them, the first one preferred. */
  origins: z
    .array(
      z.strictObject({
        host: z.string().regex(/^[a-z0-9.-]{4,253}$/, 'not a host name: CloudFront speaks to port 443'),
        /** Answers 200 without credentials where the mirror is well. */
        healthPath: z
          .string()
          .regex(/^\/[\w./-]{0,200}$/, 'not a path')
          .default('/v2/'),
      }),
    )
    .length(2),
  /** What is in the mirrors is for everyone: blobs are then kept by CloudFront, whoever asked first. */
  isPublic: z.boolean().default(false),
  /** A web ACL of WAF (scope CLOUDFRONT). */
  webAclArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:wafv2:us-east-1:\d{12}:global\/webacl\/.+$/, 'not the ARN of a global web ACL')
    .optional(),
});
export type FrontConfig = Readonly<z.infer<typeof frontSchema>>;

/** The setting `availability`: when a registry is taken for down, and which one is near to whom. */
export const availabilityConfigSchema = z
  .strictObject({
    /** Whether registries are probed, on the schedule `probeRegistries`. */
    probe: z.boolean().default(true),
    /** @default none */
    front: frontSchema.optional(),
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
