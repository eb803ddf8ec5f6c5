import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { LadingError } from '../../lib/core/errors.ts';
import { parseBytes } from '../../lib/core/format-units.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { siteLinkSchema, siteNameSchema } from '../../lib/edge/model.ts';
import { mirrorsConfigSchema } from '../../lib/mirror/config.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';

const bytesSchema = z.string().transform((text, context) => {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: 'not a size, such as "50GiB"' });
  return z.NEVER;
});

/** Who may come to this registry, by a token of which only the hash is written down. */
const clientSchema = z.strictObject({
  /** The user name. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'not a user name'),
  /** SHA-256 of the token, as `printf %s TOKEN | sha256sum` writes it. Tokens are random, so no salt is needed. */
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in hexadecimal'),
  /** Whether it may write, lease and collect garbage: bundles are brought in as such a client. */
  operator: z.boolean().default(false),
});
export type EdgeClient = Readonly<z.infer<typeof clientSchema>>;

const siteSchema = z.strictObject({
  name: siteNameSchema,
  /** File with the site's private key (PKCS#8, PEM), as `lading edge keygen` writes it. */
  key: z.string().min(1),
  /** Files with the public keys (PEM) that desired states and verdicts are signed with: `lading key export`. */
  trust: z.array(z.string().min(1)).min(1).max(20),
  /** Registry that the desired state is pulled from; one of `registries`. */
  hub: z.string().min(1),
  /** As the hub's setting `edge` says. */
  namespace: z.string().default('lading/edge'),
  audience: z.string().default('lading-edge'),
  /** Whose verdicts count, as the hub's setting `trust.verdict.verifier` says. */
  verifier: z.string().default('urn:lading:gate'),
  algorithms: z.enum(['classic', 'both', 'pq']).default('classic'),
  /** Seconds between two rounds. */
  everySeconds: z.int().min(5).max(86_400).default(300),
  /** What fetching ahead may take of the link. Pulls of clients are not held back by it. */
  bytesPerSecond: bytesSchema.optional(),
  windows: siteLinkSchema.shape.windows,
});
export type SiteConfig = Readonly<z.infer<typeof siteSchema>>;

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);
/** Below it, the journal alone leaves no room for images. */
const LEAST_BUDGET = 16 * 1024 * 1024;

/** An edge: a mirror by itself, near to where images run, which asks a Lading elsewhere what it may hand out. */
const edgeConfigSchema = z
  .strictObject({
    /** Where it listens; `0.0.0.0` for all addresses. It speaks plain HTTP: put TLS in front of it. */
    host: z.string().default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(5000),
    registries: registriesConfigSchema.shape.entries,
    mirrors: mirrorsConfigSchema,
    /** Lading's API, whose verdicts let images out of quarantine. */
    api: z.url({ protocol: /^https?$/ }).optional(),
    /** Whether a pull of what an upstream lacks asks that API to bring it back, where it was archived. */
    restores: z.boolean().default(false),
    /** What its folder may take of the disk. @default all of it */
    budget: bytesSchema.refine((bytes) => bytes >= LEAST_BUDGET, 'less than 16MiB').optional(),
    /** Who may come. @default whoever reaches a loopback address, and nobody from elsewhere */
    clients: z.array(clientSchema).min(1).max(1_000).optional(),
    /** Whoever reaches it may read. Beside `clients`, these are for those who write. */
    anonymous: z.boolean().default(false),
    /** What makes it a site of a hub: it is told what to hold. */
    site: siteSchema.optional(),
  })
  .superRefine((config, context) => {
    const { mirrors, registries, api, restores, site, clients, anonymous, host } = config;
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (mirrors.length === 0) refuse(['mirrors'], 'an edge without a mirror serves nothing');
    if (restores && api === undefined) refuse(['api'], 'an edge that restores needs to know whom to ask');
    if (!LOOPBACK.has(host) && clients === undefined && !anonymous) {
      refuse(['clients'], `${host} is reached by others: name its clients, or say "anonymous": true`);
    }
    clients?.forEach(({ name }, i) => {
      if (clients.findIndex((one) => one.name === name) !== i)
        refuse(['clients', i, 'name'], `"${name}" is named twice`);
    });
    if (site !== undefined) checkSite(config, site, refuse);
    mirrors.forEach(({ upstream, quarantine }, i) => {
      if (!registries.some(({ host: known }) => known === upstream)) {
        refuse(['mirrors', i, 'upstream'], `"${upstream}" is not among the registries`);
      }
      if (quarantine.until === 'gate' && api === undefined && site === undefined) {
        refuse(['api'], `the mirror of "${upstream}" waits for the gate, and nothing says whom to ask`);
      }
    });
  });
export type EdgeConfig = Readonly<z.infer<typeof edgeConfigSchema>>;

function checkSite(
  { registries, mirrors, budget }: Pick<EdgeConfig, 'registries' | 'mirrors' | 'budget'>,
  { hub }: SiteConfig,
  refuse: (path: (string | number)[], message: string) => void,
): void {
  if (!registries.some(({ host }) => host === hub)) refuse(['site', 'hub'], `"${hub}" is not among the registries`);
  if (!mirrors.some(({ upstream }) => upstream === hub)) refuse(['site', 'hub'], `no mirror is of "${hub}"`);
  if (budget === undefined) refuse(['budget'], 'a site has a budget');
}

/** @throws LadingError `configuration-invalid` with a line for each thing that is wrong */
export async function readEdgeConfig(file: string): Promise<EdgeConfig> {
  const parsed = edgeConfigSchema.safeParse(parseJsonStrict(await readFile(file), { what: file }));
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new LadingError('configuration-invalid', `${file} cannot be used:\n${lines.join('\n')}`);
}
