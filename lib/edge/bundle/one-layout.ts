import { isDigest } from '../../core/digest.ts';
import type { ManifestAddress, Registry } from '../../registry/index.ts';

/**
 * An OCI image layout as a registry with many repositories: a layout is one store, in which a tag is called
 * `repository:tag`, as the bundle's own index calls it.
 *
 * @param layout.repository the name of the one repository that it knows
 */
export function oneLayout({
  layout,
  repository,
}: {
  readonly layout: Registry;
  readonly repository: string;
}): Registry {
  const at = <At extends ManifestAddress>(address: At): At => {
    const { reference } = address;
    return {
      ...address,
      repository,
      reference: isDigest(reference) ? reference : `${address.repository}:${reference}`,
    };
  };
  return {
    ...layout,
    getManifest: (address, call) => layout.getManifest(at(address), call),
    headManifest: (address, call) => layout.headManifest(at(address), call),
    putManifest: (to, call) => layout.putManifest(at(to), call),
    openBlob: (address, call) => layout.openBlob({ ...address, repository }, call),
    headBlob: (address, call) => layout.headBlob({ ...address, repository }, call),
    putBlob: (to, call) => layout.putBlob({ ...to, repository }, call),
    mountBlob: async () => false,
    listReferrers: (of, call) => layout.listReferrers({ ...of, repository }, call),
    attachReferrer: (to, call) => layout.attachReferrer({ ...to, repository }, call),
    deleteManifest: (address, call) => layout.deleteManifest({ ...address, repository }, call),
    deleteTag: ({ repository: name, tag }, call) => layout.deleteTag({ repository, tag: `${name}:${tag}` }, call),
    async *listTags(name, call) {
      for await (const tag of layout.listTags(repository, call)) {
        if (tag.startsWith(`${name}:`)) yield tag.slice(name.length + 1);
      }
    },
    async *listRepositories() {},
  };
}
