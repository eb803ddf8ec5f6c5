import { describe, expect, it } from 'vitest';
import { containerdFiles, dockerFiles, type PullRoute, podmanFiles } from '../../../lib/availability/index.ts';

const routes: readonly PullRoute[] = [
  { host: 'docker.io', mirrors: [{ host: 'edge.example:5000', prefix: '', insecure: true }] },
  {
    host: 'home.example',
    mirrors: [
      { host: 'east.example', prefix: 'copy/', insecure: false },
      { host: 'west.example', prefix: '', insecure: false },
    ],
  },
];

describe('the configuration of container runtimes', () => {
  it('is hosts.toml for containerd, in which mirrors do not say what tags name', () => {
    const { files } = containerdFiles(routes);
    expect(files.map(({ path }) => path)).toEqual(['certs.d/docker.io/hosts.toml', 'certs.d/home.example/hosts.toml']);
    expect(files[0]?.text).toBe(`server = "https://registry-1.docker.io"

[host."http://edge.example:5000"]
  capabilities = ["pull"]
`);
    expect(files[1]?.text).toBe(`server = "https://home.example"

[host."https://east.example/v2/copy"]
  capabilities = ["pull"]
  override_path = true

[host."https://west.example"]
  capabilities = ["pull"]
`);
  });

  it('is registries.conf for Podman and CRI-O, by digest only', () => {
    expect(podmanFiles(routes).files[0]?.text).toBe(`[[registry]]
prefix = "docker.io"
location = "docker.io"

[[registry.mirror]]
location = "edge.example:5000"
pull-from-mirror = "digest-only"
insecure = true

[[registry]]
prefix = "home.example"
location = "home.example"

[[registry.mirror]]
location = "east.example/copy"
pull-from-mirror = "digest-only"

[[registry.mirror]]
location = "west.example"
pull-from-mirror = "digest-only"
`);
  });

  it('is daemon.json for Docker, with what Docker cannot do', () => {
    const { files, losses } = dockerFiles(routes);
    expect(JSON.parse(files[0]?.text ?? '')).toEqual({
      'registry-mirrors': ['http://edge.example:5000'],
      'insecure-registries': ['edge.example:5000'],
    });
    expect(losses).toEqual([
      'Docker takes mirrors of Docker Hub only: images of home.example come from there',
      'Docker asks a mirror what a tag names, and believes it',
    ]);
    expect(dockerFiles(routes.slice(1))).toEqual({ files: [], losses: [losses[0]] });
  });
});
