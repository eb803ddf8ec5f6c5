import { z } from 'zod';

/** Where advisories of one origin come from: an OSV or Alpine secdb file, plain, gzip or zstd. */
const sourceSchema = z.strictObject({
  name: z
    .string()
    .max(60)
    .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'not a name of lower-case letters, digits and . _ -'),
  url: z.url({ protocol: /^https$/, error: 'not an https address' }),
  /** Hosts that the address may redirect to, beside its own. */
  hosts: z.array(z.hostname()).max(10).default([]),
  /** `excerpt`: it holds only some advisories of its ecosystems, so that no match says little. */
  scope: z.enum(['complete', 'excerpt']).default('complete'),
});

/** The setting `advisories`: what the schedule fetches. */
export const advisoriesConfigSchema = z.strictObject({
  /** Whether the advisories that come with Lading count: an excerpt, to have something true to show at once. */
  bundled: z.boolean().default(true),
  sources: z
    .array(sourceSchema)
    .max(50)
    .default([])
    .superRefine((sources, context) => {
      const names = sources.map(({ name }) => name);
      const twice = names.find((name, i) => names.indexOf(name) !== i);
      if (twice !== undefined) context.addIssue({ code: 'custom', message: `the source "${twice}" appears twice` });
    }),
});
export type AdvisoriesConfig = Readonly<z.infer<typeof advisoriesConfigSchema>>;
