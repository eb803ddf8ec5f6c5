import { z } from 'zod';

/** Where advisories of one origin come from, and in which format. */
const sourceSchema = z.strictObject({
  name: z
    .string()
    .max(60)
    .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'not a name of lower-case letters, digits and . _ -'),
  /** `osv`: advisories in OSV's format, one JSON or a zip of them. `alpine-secdb`: one secdb JSON. */
  format: z.enum(['osv', 'alpine-secdb']),
  url: z.url({ protocol: /^https$/, error: 'not an https address' }),
});

/** The setting `advisories`: what is fetched by the schedule. Without sources nothing is, and nothing is known. */
export const advisoriesConfigSchema = z.strictObject({
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
export type AdvisorySource = Readonly<z.infer<typeof sourceSchema>>;
