import { isLadingError } from '../core/errors.ts';
import type { RegistryLister } from '../registry/index.ts';
import type { CatalogReader } from './ports.ts';

/** How registries say that they give no list; most public ones do not (distribution specification 1.1 has none). */
const NO_LIST: readonly string[] = ['registry-refused', 'registry-denied', 'repository-unknown'];

/** The repositories of a registry: those that it lists, if it does, and those that something was pushed to before. */
export async function listRepositories(
  registry: Pick<RegistryLister, 'listRepositories'> & { readonly host: string },
  catalog: Pick<CatalogReader, 'repositories'>,
): Promise<readonly string[]> {
  const names = new Set<string>();
  for await (const of of catalog.repositories()) if (of.registry === registry.host) names.add(of.repository);
  try {
    for await (const name of registry.listRepositories()) names.add(name);
  } catch (error) {
    if (!isLadingError(error) || !NO_LIST.includes(error.code)) throw error;
  }
  return [...names].sort();
}
