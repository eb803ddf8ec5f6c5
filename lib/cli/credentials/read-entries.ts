import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { type RegistryEntry, registriesConfigSchema } from '../../registry/config.ts';
import { fromCaller, type StackFile } from '../connection.ts';

/** As much of the configuration as concerns registries; the rest is checked by whoever deploys it. */
const settingsSchema = z.object({
  account: z.string().optional(),
  primaryRegion: z.string().optional(),
  replicaRegions: z.array(z.string()).default([]),
  ecr: z.boolean().default(true),
  registries: z.array(z.unknown()).default([]),
});
const fileSchema = z.union([
  z.object({ context: z.object({ lading: settingsSchema }) }).transform(({ context }) => context.lading),
  settingsSchema,
]);

/**
 * The registries of a configuration: `cdk.json`, or a file that holds what stands there under `lading`. The ECR of its
 * regions is among them where the configuration names the account.
 *
 * @throws LadingError `configuration-invalid` naming the path of what is wrong
 */
export function readEntries(given: string | undefined): readonly RegistryEntry[] {
  const root = process.env.LADING_ROOT ?? join(import.meta.dirname, '..', '..', '..');
  const file = given === undefined ? join(root, 'cdk.json') : fromCaller(given);
  const settings = fileSchema.safeParse(readJson(file));
  if (!settings.success) throw invalid(file, settings.error);
  const { account, primaryRegion, replicaRegions, ecr, registries } = settings.data;
  const regions = account && primaryRegion && ecr ? [primaryRegion, ...replicaRegions] : [];
  const ofRegions = regions.map((region) => ({
    ...{ kind: 'ecr', host: `${account}.dkr.ecr.${region}.amazonaws.com`, region, account },
    role: region === primaryRegion ? 'source' : 'replica',
  }));
  const parsed = registriesConfigSchema.safeParse({ entries: [...ofRegions, ...registries] });
  if (parsed.success) return parsed.data.entries;
  throw invalid(file, parsed.error);
}

/** Zod's messages name paths and expectations and not values, which may be secrets. */
function invalid(file: string, { issues }: z.ZodError): LadingError {
  const [issue] = issues;
  const where = issue?.path.join('.') ?? '';
  return new LadingError('configuration-invalid', `${file} at "${where}": ${issue?.message ?? 'not as expected'}`);
}

function readJson(file: string): unknown {
  try {
    return parseJsonStrict(readFileSync(file), { what: file, maxBytes: 4 * 1024 * 1024 });
  } catch (cause) {
    throw new LadingError('configuration-invalid', `${file} cannot be read as a configuration`, { cause });
  }
}

/** The registries of a local stack, which take whoever is at the machine. */
export const localEntries = (stack: StackFile | undefined): readonly RegistryEntry[] =>
  registriesConfigSchema.parse({
    entries: (stack?.registries ?? []).map(({ host, url, role }) => ({
      ...{ kind: 'distribution', host, url, role, allowInsecure: true, allowPrivate: true },
    })),
  }).entries;
