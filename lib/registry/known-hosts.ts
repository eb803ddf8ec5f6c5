/** What is known of a public registry: where its API answers, and which other hosts its answers lead to. */
export interface KnownRegistry {
  readonly apiHost?: string;
  readonly allowHosts: readonly string[];
  /** What it calls itself at its token service. */
  readonly service?: string;
}

const KNOWN: ReadonlyMap<string, KnownRegistry> = new Map([
  [
    'docker.io',
    {
      apiHost: 'registry-1.docker.io',
      service: 'registry.docker.io',
      allowHosts: [
        'auth.docker.io',
        'production.cloudflare.docker.com',
        'production.cloudfront.docker.com',
        '*.r2.cloudflarestorage.com',
      ],
    },
  ],
  ['ghcr.io', { service: 'ghcr.io', allowHosts: ['pkg-containers.githubusercontent.com'] }],
  ['quay.io', { service: 'quay.io', allowHosts: ['*.quay.io'] }],
  ['public.ecr.aws', { service: 'public.ecr.aws', allowHosts: ['*.cloudfront.net'] }],
  ['mcr.microsoft.com', { allowHosts: ['*.data.mcr.microsoft.com'] }],
  [
    'registry.gitlab.com',
    {
      service: 'container_registry',
      allowHosts: ['gitlab.com', 'cdn.registry.gitlab-static.net', 'storage.googleapis.com'],
    },
  ],
]);

/** An entry of the configuration for one of these hosts needs no `allowHosts` of its own. */
export const knownRegistry = (host: string): KnownRegistry | undefined => KNOWN.get(host.toLowerCase());
