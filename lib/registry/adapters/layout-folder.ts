import { join } from 'node:path';
import type { Registry } from '../ports.ts';
import { openOciLayout } from './oci-layout.ts';

/** A registry on the disk without a server: a folder with an OCI layout for each repository. Of one process at a time. */
export function createLayoutFolder(directory: string, host: string): Registry {
  const layouts = new Map<string, Promise<Registry>>();
  const layout = (repository: string): Promise<Registry> => {
    // One folder for each, whatever slashes the name has: a repository may be named like a folder of a layout.
    const folder = join(directory, encodeURIComponent(repository));
    const opened = layouts.get(repository) ?? openOciLayout({ directory: folder, repository, create: true });
    layouts.set(repository, opened);
    return opened;
  };
  return {
    host,
    getManifest: async (at, options) => (await layout(at.repository)).getManifest(at, options),
    headManifest: async (at, options) => (await layout(at.repository)).headManifest(at, options),
    async *openBlob(at, options) {
      yield* (await layout(at.repository)).openBlob(at, options);
    },
    headBlob: async (at, options) => (await layout(at.repository)).headBlob(at, options),
    async *listTags(repository, options) {
      yield* (await layout(repository)).listTags(repository, options);
    },
    async *listRepositories() {
      yield* layouts.keys();
    },
    listReferrers: async (of, options) => (await layout(of.repository)).listReferrers(of, options),
    putBlob: async (to, options) => (await layout(to.repository)).putBlob(to, options),
    mountBlob: async () => false,
    putManifest: async (to, options) => (await layout(to.repository)).putManifest(to, options),
    attachReferrer: async (to, options) => (await layout(to.repository)).attachReferrer(to, options),
    deleteManifest: async (at, options) => (await layout(at.repository)).deleteManifest(at, options),
    deleteTag: async (at, options) => (await layout(at.repository)).deleteTag(at, options),
  };
}
