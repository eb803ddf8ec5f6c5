import type { CatalogReader } from '../inventory/index.ts';
import type { ReplicationConfig } from './config.ts';
import { type ExpectedImage, expectedStates } from './expected-state.ts';
import type { RepositoryAddress } from './model.ts';
import type { ReplicaReader } from './ports.ts';
import { replicationTargets } from './replication-targets.ts';
import { sourceView, type ViewPorts } from './source-view.ts';

export interface PlannedCopy extends Omit<ExpectedImage, 'at'> {
  readonly source: RepositoryAddress;
  readonly target: RepositoryAddress;
  /** It has arrived before, by our records; whether it is there still, the sweep asks. */
  readonly arrived: boolean;
  /** Of the image with its children, as stored. */
  readonly bytes: number;
}

/**
 * What rules would copy, of everything that the catalogue knows: no registry is asked, nothing is copied. Of rules that
 * choose platforms the whole image is told, since what is made of it is known only at its registry.
 */
export async function planCopies(
  ports: ViewPorts & {
    readonly catalog: Pick<CatalogReader, 'entries' | 'tags' | 'repositories'>;
    readonly replicas: Pick<ReplicaReader, 'find'>;
  },
  config: ReplicationConfig,
  only: { readonly rule?: string | undefined; readonly repository?: string | undefined } = {},
): Promise<readonly PlannedCopy[]> {
  const rules = only.rule === undefined ? config.rules : config.rules.filter(({ name }) => name === only.rule);
  const asked = { ...config, rules };
  const plan: PlannedCopy[] = [];
  for await (const of of ports.catalog.repositories()) {
    if (only.repository !== undefined && of.repository !== only.repository) continue;
    if (replicationTargets(asked, of).length === 0) continue;
    const { entries, ...view } = await sourceView(ports, of);
    for (const { target, manifests } of await expectedStates(asked, { entries, ...view }, async () => undefined)) {
      const images = new Map([...manifests.values()].map((image) => [image.root, image]));
      for (const { at, ...image } of images.values()) {
        const entry = entries.get(image.root);
        const children = (entry?.children ?? []).map(({ digest }) => entries.get(digest)?.sizeBytes ?? 0);
        const bytes = children.reduce((sum, size) => sum + size, entry?.sizeBytes ?? 0);
        const arrived = (await ports.replicas.find({ ...target, digest: at }))?.state === 'complete';
        plan.push({ ...image, source: { registry: of.registry, repository: of.repository }, target, arrived, bytes });
      }
    }
  }
  return plan;
}
