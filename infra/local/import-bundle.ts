import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import { bundleFiles } from '../../lib/edge/adapters/bundle-volumes.ts';
import { importBundle, openBundleFiles, rememberDesired, siteTrust } from '../../lib/edge/bundle/index.ts';
import { createRegistries } from '../../lib/registry/adapters/open-registries.ts';
import { parseVerificationKey } from '../../lib/signing/index.ts';
import { startEmbeddedRegistry } from './registry/index.ts';

/**
 * Takes a bundle into the folder of an edge that does not run. A mirror takes no pushes from outside, so its folder is
 * opened as a registry for this alone, on a port of this machine that nobody is told of.
 *
 * @throws LadingError `directory-in-use` where the edge runs; those of `importBundle`
 */
export async function importIntoEdge(given: {
  readonly dataDir: string;
  readonly files: readonly string[];
  readonly site: string;
  /** Files with the public keys of the hub. */
  readonly hubKeys: readonly string[];
  readonly onProblem: (error: unknown) => void;
}): Promise<Awaited<ReturnType<typeof importBundle>>> {
  const keys = await Promise.all(given.hubKeys.map(async (file) => parseVerificationKey(await readFile(file, 'utf8'))));
  const bytes = await openBundleFiles(await bundleFiles(given.files));
  const registry = await startEmbeddedRegistry({ directory: join(given.dataDir, 'edge'), onProblem: given.onProblem });
  try {
    const host = new URL(registry.url).host;
    const entry = { kind: 'distribution', host, url: registry.url, allowInsecure: true, allowPrivate: true } as const;
    const target = await createRegistries({ entries: [entry] }).open(host);
    return await importBundle(
      {
        target,
        trust: await siteTrust(target, given.site, keys, systemClock.now()),
        onVerified: (desired) => rememberDesired(target, desired, 'verified'),
        onWhole: (desired) => rememberDesired(target, desired, 'whole'),
      },
      bytes,
    );
  } finally {
    await registry.close();
  }
}
