import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const recordSchema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    licenses: z.array(z.string()),
    author: z.string().optional(),
    /** Names of what it needs at run time. */
    requires: z.array(z.string()),
  }),
);
export type NpmRecord = z.infer<ReturnType<typeof recordSchema>>;

// A field of the wrong sort must not cost the package: each falls back to "not said".
const named = once(() => z.union([z.string(), z.object({ type: z.string() }).transform((one) => one.type)]));
const dependencies = once(() =>
  z
    .record(z.string(), z.unknown())
    .transform((map) => Object.keys(map).slice(0, 2000))
    .optional()
    .catch(undefined),
);
const manifestSchema = once(() =>
  z.object({
    name: z.string().min(1).max(512),
    version: z.string().max(512).optional().catch(undefined),
    license: z
      .union([named().transform((one) => [one]), z.array(named())])
      .optional()
      .catch(undefined),
    licenses: z
      .union([named().transform((one) => [one]), z.array(named())])
      .optional()
      .catch(undefined),
    author: z
      .union([z.string(), z.object({ name: z.string() }).transform((one) => one.name)])
      .optional()
      .catch(undefined),
    dependencies: dependencies(),
    optionalDependencies: dependencies(),
  }),
);

/**
 * The manifest of an installed package, in `node_modules` or of an application. One without a name marks a folder
 * (`{"type":"module"}`) and is no package; of private ones the version may be missing.
 */
export const packageJsonFile: FileKind<NpmRecord> = {
  id: 'npm-package-json',
  version: 2,
  match: { names: ['package.json'] },
  maxBytes: 8 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    // As Node.js reads it: published manifests do name keys twice, and the last one counts.
    const manifest = manifestSchema().safeParse(JSON.parse(content.toString('utf8').replace(/^\uFEFF/, '')));
    if (!manifest.success) return undefined;
    const { name, version, license, licenses, author, dependencies: needed, optionalDependencies } = manifest.data;
    return {
      name: name.trim(),
      version: version?.trim() ?? '',
      licenses: (license ?? licenses ?? []).filter((one) => one !== '').slice(0, 50),
      author: author || undefined,
      requires: [...new Set([...(needed ?? []), ...(optionalDependencies ?? [])])],
    };
  },
  schema: recordSchema,
};
