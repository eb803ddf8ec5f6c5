import type { ClientFiles, PullRoute } from './model.ts';

/**
 * `daemon.json` (Docker documentation, "dockerd", "Daemon configuration file"). Docker knows mirrors of Docker Hub only,
 * at the root of a host, and believes them with tags, too.
 */
export function dockerFiles(routes: readonly PullRoute[]): ClientFiles {
  const hub = routes.find(({ host }) => host === 'docker.io')?.mirrors ?? [];
  const usable = hub.filter(({ prefix }) => prefix === '');
  const others = routes.flatMap(({ host }) => (host === 'docker.io' ? [] : [host]));
  const settings = {
    'registry-mirrors': usable.map(({ host, insecure }) => `${insecure ? 'http' : 'https'}://${host}`),
    ...(usable.some(({ insecure }) => insecure)
      ? { 'insecure-registries': usable.flatMap(({ host, insecure }) => (insecure ? [host] : [])) }
      : {}),
  };
  return {
    files: usable.length === 0 ? [] : [{ path: 'daemon.json', text: `${JSON.stringify(settings, undefined, 2)}\n` }],
    losses: [
      ...others.map((host) => `Docker takes mirrors of Docker Hub only: images of ${host} come from there`),
      ...hub.flatMap(({ host, prefix }) =>
        prefix === '' ? [] : [`Docker takes no path in a mirror: ${host}/${prefix} is left out`],
      ),
      ...(usable.length > 0 ? ['Docker asks a mirror what a tag names, and believes it'] : []),
    ],
  };
}
