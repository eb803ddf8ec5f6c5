import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

/** Where the distribution came from, as the qualifier `vcs_url` of a purl has it: `git+https://host/path@commit`. */
const schema = once(() => z.object({ vcsUrl: z.string() }));

const documentSchema = once(() =>
  z.object({
    url: z.string().max(4096),
    vcs_info: z.object({ vcs: z.enum(['git', 'hg', 'bzr', 'svn']), commit_id: z.string().max(200) }),
  }),
);

/** Beside `METADATA` where it was installed from a repository instead of an index ("Direct URL Data Structure"). */
export const directUrlFile: FileKind<z.infer<ReturnType<typeof schema>>> = {
  id: 'python-direct-url',
  version: 1,
  match: { names: ['direct_url.json'], accepts: (path) => /dist-info\/direct_url\.json$/i.test(path) },
  maxBytes: 64 * 1024,
  importance: 'file',
  parse: (content) => {
    const document = documentSchema().safeParse(JSON.parse(content.toString('utf8')));
    if (!document.success) return undefined;
    const { url, vcs_info } = document.data;
    const address = URL.parse(url);
    if (!address) return undefined;
    // Secrets that were part of the address have no place in an SBOM.
    address.username = '';
    address.password = '';
    return { vcsUrl: `${vcs_info.vcs}+${address.href}@${vcs_info.commit_id}` };
  },
  schema,
};
