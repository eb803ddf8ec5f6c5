import type { ClientFiles, PullRoute } from './model.ts';
import { tomlString } from './toml.ts';

/**
 * `registries.conf` for Podman, CRI-O, Buildah and Skopeo (containers-registries.conf(5), version 2). Mirrors are asked
 * by digest only, so that none can say what a tag names.
 */
export function podmanFiles(routes: readonly PullRoute[]): ClientFiles {
  const tables = routes.flatMap(({ host, mirrors }) => [
    ['[[registry]]', `prefix = ${tomlString(host)}`, `location = ${tomlString(host)}`].join('\n'),
    ...mirrors.map(({ host: mirror, prefix, insecure }) =>
      [
        '[[registry.mirror]]',
        `location = ${tomlString(`${mirror}/${prefix}`.replace(/\/$/, ''))}`,
        'pull-from-mirror = "digest-only"',
        ...(insecure ? ['insecure = true'] : []),
      ].join('\n'),
    ),
  ]);
  return { files: [{ path: 'registries.conf.d/50-lading.conf', text: `${tables.join('\n\n')}\n` }], losses: [] };
}
