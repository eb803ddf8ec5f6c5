import { z } from 'zod';
import { publisherNames, publisherSources, type SourceSettings, sourceKinds } from './publishers.ts';

const https = z.url({ protocol: /^https$/, error: 'not an https address' });

/** Where advisories of one origin come from: a file in any format that is read (README: Formats), plain, gzip, zstd, zip. */
const sourceSchema = z.strictObject({
  name: z
    .string()
    .max(60)
    .regex(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/, 'not a name of lower-case letters, digits and . _ -'),
  /** How it is read: `osv-bucket` and `csaf-folder` are followed by their lists of changes, `repository` is one of RPM packages. */
  kind: z.enum(sourceKinds).default('file'),
  /** Of the file, the bucket's `all.zip`, the folder (with a slash at its end), the repository, the interface. */
  url: https,
  /** Of a folder of CSAF that names its archive nowhere, or of the advisories behind GitHub's interface: where that lies. */
  archive: https.optional(),
  /** What a folder of CSAF has beside each document. */
  hash: z.enum(['sha256', 'sha512']).default('sha256'),
  /** Hosts that the address may redirect to, beside its own. */
  hosts: z.array(z.hostname()).max(10).default([]),
  /** `excerpt`: it holds only some advisories of its ecosystems, so that no match says little. */
  scope: z.enum(['complete', 'excerpt']).default('complete'),
  /** Where the SHA-256 of the file (as sent) or of its content (unpacked) is published; what differs is not taken. */
  checksum: z.strictObject({ url: https, of: z.enum(['file', 'content']).default('file') }).optional(),
  maxMegabytes: z.int().min(1).max(1024).default(256),
});

/** The setting `advisories`: what the schedule fetches. */
export const advisoriesConfigSchema = z.strictObject({
  /** Whether the advisories that come with Lading count: an excerpt, to have something true to show at once. */
  bundled: z.boolean().default(true),
  /** Publishers whose addresses are known here: `osv/npm`, `alpine/v3.20`, `debian`, `kev`, `epss`, `nvd/2026`, … */
  publishers: z
    .array(
      z.string().refine((name) => publisherSources(name) !== undefined, {
        error: `not one of ${publisherNames.join(', ')}, with what it takes after the slash`,
      }),
    )
    .max(200)
    .default([]),
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

/** All that is to be fetched, by one name each. */
export function configuredSources({ publishers, sources }: AdvisoriesConfig): readonly SourceSettings[] {
  const known = [...new Set(publishers)].flatMap((name) => publisherSources(name) ?? []);
  return [
    ...known,
    ...sources.map(({ maxMegabytes, ...source }) => ({ ...source, maxBytes: maxMegabytes * 1024 * 1024 })),
  ];
}
