import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';
import { type NugetRecord, nugetListSchema } from './parse-deps-json.ts';

const dependencySchema = once(() =>
  z.object({
    /** `Direct`, `Transitive`, `CentralTransitive` or `Project`. */
    type: z.string().optional().catch(undefined),
    resolved: z.string(),
    dependencies: z.record(z.string(), z.string()).optional().catch(undefined),
  }),
);
const documentSchema = once(() =>
  z.object({
    dependencies: z.record(z.string(), z.record(z.string(), z.unknown()).catch({})),
  }),
);

const MAX_PACKAGES = 50_000;

/**
 * NuGet's lock file (NuGet documentation, "Locking dependencies"): the resolved packages for each framework. Projects in
 * it have no version, and are none. A dependency may name a lower version than the one that was resolved.
 */
export const packagesLockFile: FileKind<NugetRecord[]> = {
  id: 'nuget-packages-lock',
  version: 1,
  match: { names: ['packages.lock.json'] },
  maxBytes: 32 * 1024 ** 2,
  importance: 'file',
  parse: (content) => {
    const document = documentSchema().safeParse(JSON.parse(content.toString('utf8').replace(/^\uFEFF/, '')));
    if (!document.success) return undefined;
    const records = new Map<string, NugetRecord>();
    for (const framework of Object.values(document.data.dependencies)) {
      const resolved = resolvedOf(framework);
      for (const [name, { version, needed }] of resolved) {
        const requires = needed.flatMap((one) => {
          const other = resolved.get(one);
          return other ? [`${one}/${other.version}`] : [];
        });
        if (records.size === MAX_PACKAGES) throw new Error(`over ${MAX_PACKAGES} packages`);
        const key = `${name}/${version}`;
        records.set(key, {
          name,
          version,
          requires: [...new Set([...(records.get(key)?.requires ?? []), ...requires])],
        });
      }
    }
    return [...records.values()];
  },
  schema: nugetListSchema,
};

function resolvedOf(framework: Readonly<Record<string, unknown>>) {
  const resolved = new Map<string, { readonly version: string; readonly needed: readonly string[] }>();
  for (const [name, raw] of Object.entries(framework)) {
    const dependency = dependencySchema().safeParse(raw);
    if (!dependency.success || name === '' || dependency.data.type === 'Project') continue;
    resolved.set(name, { version: dependency.data.resolved, needed: Object.keys(dependency.data.dependencies ?? {}) });
  }
  return resolved;
}
