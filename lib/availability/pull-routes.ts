import type { PullMirror, PullRoute } from './client-config/model.ts';

/** The rules of replication, as far as they are read here. */
interface CopyRules {
  readonly rules: readonly {
    readonly from: string;
    readonly to: readonly { readonly registry: string; readonly prefix: string }[];
  }[];
}

/** Registries of the configuration, as far as they are read here. */
type Entries = readonly { readonly host: string; readonly url?: string | undefined }[];

/**
 * For each registry that is copied, where its images can be had, too. A runtime that does not find an image at a mirror
 * goes on to the next, so rules for some repositories are routes as well.
 */
export function pullRoutes({ rules }: CopyRules, entries: Entries): readonly PullRoute[] {
  const routes = new Map<string, Map<string, PullMirror>>();
  for (const { from, to } of rules) {
    const mirrors = routes.get(from) ?? new Map<string, PullMirror>();
    for (const { registry, prefix } of to) {
      const mirror = { ...addressOf(registry, entries), prefix };
      mirrors.set(`${mirror.host}/${prefix}`, mirror);
    }
    routes.set(from, mirrors);
  }
  return [...routes].map(([host, mirrors]) => ({ host, mirrors: [...mirrors.values()] }));
}

/** Where a client speaks to it, which need not be the name that stands in references. */
function addressOf(registry: string, entries: Entries): Pick<PullMirror, 'host' | 'insecure'> {
  const entry = entries.find(({ host }) => host === registry);
  if (entry?.url === undefined) return { host: registry, insecure: false };
  const { host, protocol } = new URL(entry.url);
  return { host, insecure: protocol === 'http:' };
}
