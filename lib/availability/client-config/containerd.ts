import type { ClientFiles, PullMirror, PullRoute } from './model.ts';
import { tomlString } from './toml.ts';

/**
 * `hosts.toml` for each registry (containerd documentation, "Registry host configuration"), for the folder that
 * `config_path` names. Mirrors are believed with content and not with tags: what a tag names is asked of the registry.
 */
export function containerdFiles(routes: readonly PullRoute[]): ClientFiles {
  return {
    files: routes.map(({ host, mirrors }) => ({
      path: `certs.d/${host}/hosts.toml`,
      text: [`server = ${tomlString(serverOf(host))}`, ...mirrors.map(mirrorTable)].join('\n\n').concat('\n'),
    })),
    losses: [],
  };
}

/** The registry of the names `docker.io/…` speaks at another address. */
const serverOf = (host: string): string => (host === 'docker.io' ? 'https://registry-1.docker.io' : `https://${host}`);

function mirrorTable({ host, prefix, insecure }: PullMirror): string {
  const scheme = insecure ? 'http' : 'https';
  const path = prefix.replace(/\/$/, '');
  const url = path === '' ? `${scheme}://${host}` : `${scheme}://${host}/v2/${path}`;
  return [
    `[host.${tomlString(url)}]`,
    '  capabilities = ["pull"]',
    ...(path === '' ? [] : ['  override_path = true']),
  ].join('\n');
}
