import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const recordSchema = once(() =>
  z.object({
    /** `vendor/package`. */
    name: z.string(),
    /** As tagged, often with a `v`. */
    version: z.string(),
    licenses: z.array(z.string()),
    authors: z.array(z.string()),
    provides: z.array(z.string()),
    requires: z.array(z.string()),
  }),
);
export type ComposerRecord = z.infer<ReturnType<typeof recordSchema>>;

const MAX_PACKAGES = 20_000;
const keys = once(() =>
  z
    .record(z.string(), z.unknown())
    .transform((map) => Object.keys(map).slice(0, 2000))
    .catch([]),
);
const packageSchema = once(() =>
  z.object({
    name: z.string().min(1).max(512),
    version: z.string().min(1).max(512),
    license: z.union([z.string().transform((one) => [one]), z.array(z.string()).max(50)]).catch([]),
    authors: z
      .array(z.object({ name: z.string() }))
      .max(200)
      .catch([]),
    require: keys(),
    provide: keys(),
    replace: keys(),
  }),
);
/** Composer 2 has an object, Composer 1 had the list alone. */
const documentSchema = once(() =>
  z.union([z.array(z.unknown()), z.object({ packages: z.array(z.unknown()) }).transform(({ packages }) => packages)]),
);

/** What Composer installed: `vendor/composer/installed.json`. */
export const installedJsonFile: FileKind<ComposerRecord[]> = {
  id: 'php-installed-json',
  version: 1,
  match: { names: ['installed.json'] },
  maxBytes: 64 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const document = documentSchema().safeParse(JSON.parse(content.toString('utf8')));
    if (!document.success) return undefined;
    const records = document.data.slice(0, MAX_PACKAGES).flatMap(toRecord);
    return records.length > 0 ? records : undefined;
  },
  schema: () => z.array(recordSchema()),
};

function toRecord(entry: unknown): ComposerRecord[] {
  const parsed = packageSchema().safeParse(entry);
  if (!parsed.success) return [];
  const { name, version, license, authors, require, provide, replace } = parsed.data;
  return [
    {
      name,
      version,
      licenses: license,
      authors: authors.map((one) => one.name),
      provides: [...provide, ...replace],
      // `php`, `ext-json`, `composer-runtime-api` are of the platform; packages have a vendor.
      requires: require.filter((one) => one.includes('/')),
    },
  ];
}
