import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    /** Of the distribution: `libwww-perl`, not `LWP`. */
    name: z.string(),
    version: z.string(),
    /** Who uploaded it, by the id on CPAN. */
    author: z.string().optional(),
  }),
);
export type CpanRecord = z.infer<ReturnType<typeof schema>>;

const documentSchema = once(() =>
  z.object({
    /** Name and version in one: `libwww-perl-6.67`. */
    dist: z.string().min(1).max(512),
    version: z.union([z.string(), z.number()]).transform(String).optional().catch(undefined),
    /** `O/OA/OALDERS/libwww-perl-6.67.tar.gz`. */
    pathname: z.string().max(1024).optional().catch(undefined),
  }),
);

/** What the clients cpanm, cpm and Carton keep of each distribution: `.meta/<distribution>-<version>/install.json`. */
export const cpanInstallFile: FileKind<CpanRecord> = {
  id: 'perl-cpan-install',
  version: 1,
  match: { names: ['install.json'], accepts: (path) => /(?:^|\/)\.meta\/[^/]+\/install\.json$/.test(path) },
  maxBytes: 4 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const document = documentSchema().safeParse(JSON.parse(content.toString('utf8')));
    if (!document.success) return undefined;
    const { dist, version: said, pathname } = document.data;
    // The field `version` is the main module's; mostly, but not always, the distribution has the same.
    const dash =
      said !== undefined && dist.endsWith(`-${said}`) ? dist.length - said.length - 1 : dist.lastIndexOf('-');
    const name = dist.slice(0, Math.max(0, dash));
    const version = dist.slice(dash + 1);
    if (name === '' || version === '') return undefined;
    const author = /^[^/]+\/[^/]+\/([^/]+)\//.exec(pathname ?? '')?.[1];
    return { name, version, ...(author ? { author } : {}) };
  },
  schema,
};
