import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { bundleFiles } from '../../lib/edge/adapters/bundle-volumes.ts';
import { importBundle, openBundleFiles, rememberDesired, siteTrust } from '../../lib/edge/bundle/index.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { parseVerificationKey } from '../../lib/signing/index.ts';
import { localNames } from './edge.ts';
import { siteMemory } from './edge-agent.ts';
import type { EdgeConfig } from './edge-config.ts';
import type { EdgeBundle } from './options.ts';
import { startEmbeddedRegistry } from './registry/index.ts';

/**
 * Takes a bundle into the folder of an edge that does not run, under the names that its mirror serves. A mirror takes no
 * pushes of strangers, so its folder is opened as a registry for this alone, on a port of this machine that nobody is told of.
 * Where the edge is a site, its own record counts, too: a state that came over the link is seen as one of a bundle is.
 *
 * @throws LadingError `usage`; `directory-in-use` where the edge runs; those of `importBundle`
 */
export async function importIntoEdge(given: {
  readonly config: EdgeConfig;
  readonly dataDir: string;
  readonly bundle: EdgeBundle;
  readonly onProblem: (error: unknown) => void;
}): Promise<Awaited<ReturnType<typeof importBundle>>> {
  const { config, bundle, onProblem } = given;
  const { site, keys } = await identityOf(config, bundle);
  const bytes = await openBundleFiles(await bundleFiles(bundle.files));
  const directory = join(given.dataDir, 'edge');
  const registry = await startEmbeddedRegistry({
    ...{ directory, onProblem },
    // As when it runs: what nobody needs makes room, or the import fails.
    ...(config.budget === undefined ? {} : { budgetBytes: config.budget }),
  });
  try {
    const host = new URL(registry.url).host;
    const entry = { kind: 'distribution', host, url: registry.url, allowInsecure: true, allowPrivate: true } as const;
    const target = await createRegistries({ entries: [entry] }).open(host);
    const trust = await siteTrust(target, site, keys, systemClock.now());
    const { generation } = await siteMemory(join(directory, 'site.json')).load();
    return await importBundle(
      {
        ...{ target, trust: { ...trust, seen: Math.max(trust.seen, generation) } },
        localName: config.site && localNames(config, config.site.hub),
        onVerified: (desired) => rememberDesired(target, desired, 'verified'),
        onWhole: (desired) => rememberDesired(target, desired, 'whole'),
      },
      bytes,
    );
  } finally {
    await registry.close();
  }
}

async function identityOf({ site }: EdgeConfig, bundle: EdgeBundle) {
  const name = bundle.site ?? site?.name;
  const files = bundle.hubKeys.length > 0 ? bundle.hubKeys : (site?.trust ?? []);
  if (name === undefined || files.length === 0) {
    throw new LadingError(
      'usage',
      'a bundle is verified for a site and by the key of its hub, and the edge file names none',
      {
        hint: 'say them with --site NAME --hub-key FILE, or make the edge a site',
      },
    );
  }
  return {
    site: name,
    keys: await Promise.all(files.map(async (file) => parseVerificationKey(await readFile(file, 'utf8')))),
  };
}
