import { join } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import { describeError } from '../../lib/core/errors.ts';
import { verdictGate } from '../../lib/edge/site/index.ts';
import { ROOT_PREFIX } from '../../lib/mirror/config.ts';
import { type GateReader, routeRepository } from '../../lib/mirror/index.ts';
import { archiveRecall } from './archive-recall.ts';
import { edgeAccess } from './edge-access.ts';
import { readSiteKeys, type SiteAgent, startSiteAgent } from './edge-agent.ts';
import type { EdgeConfig } from './edge-config.ts';
import { localStatements } from './edge-statements.ts';
import { type EmbeddedRegistry, startEmbeddedRegistry } from './registry/index.ts';
import { apiGate } from './registry/mirror/api-gate.ts';
import { upstreamRegistries } from './upstream-registries.ts';

export { readEdgeConfig } from './edge-config.ts';

export interface RunningEdge extends EmbeddedRegistry {
  /** Where the edge is a site of a hub. */
  readonly agent: SiteAgent | undefined;
}

/**
 * Starts the mirror alone: no functions, no tables, only its own folder. A site's agent begins its rounds when it is
 * asked to, and goes on by itself.
 */
export async function startEdge(
  config: EdgeConfig,
  options: { readonly dataDir: string; readonly onProblem: (what: string) => void },
): Promise<RunningEdge> {
  const onProblem = (error: unknown): void => options.onProblem(describeError(error));
  const directory = join(options.dataDir, 'edge');
  const { api, site, budget, clients, anonymous } = config;
  const upstreamOf = (repository: string): string | undefined => {
    const route = routeRepository(config.mirrors, repository);
    return route && `${route.rule.upstream}/${route.upstreamRepository}`;
  };
  const registries = upstreamRegistries(config.registries);
  const keys = site && (await readSiteKeys(site));
  const asked = apiGate({
    api: () => api,
    nameOf: ({ upstream }) => `${upstream.registry}/${upstream.repository}`,
    onProblem,
  });
  let registry: EmbeddedRegistry | undefined;
  let agent: SiteAgent | undefined;
  const gate: GateReader =
    site && keys
      ? verdictGate({
          statements: localStatements(() => registry),
          ...{ keys: keys.trust, verifier: site.verifier, use: site.algorithms, clock: systemClock },
          otherwise: api === undefined ? undefined : asked,
        })
      : asked;
  const recall = archiveRecall({ api: () => api, nameOf: upstreamOf, by: 'an edge', onProblem });
  registry = await startEmbeddedRegistry({
    ...{ directory, host: config.host, port: config.port, onProblem },
    ...(config.restores ? { recall } : {}),
    ...(budget === undefined ? {} : { budgetBytes: budget }),
    ...(clients === undefined ? {} : { access: edgeAccess({ clients, anonymous }) }),
    site: () => agent?.status(),
    mirror: { rules: config.mirrors, registries, gate },
  });
  const opened = registry;
  if (site && keys && budget !== undefined) {
    const localName = localNames(config, site.hub);
    const given = {
      config: site,
      keys,
      registry,
      registries,
      budgetBytes: budget,
      directory,
      api,
      localName,
      onProblem,
    };
    agent = await startSiteAgent(given);
  }
  return {
    ...opened,
    agent,
    async close() {
      await agent?.close();
      await opened.close();
    },
  };
}

/** The repository of this mirror that a repository of the hub is served as. */
export function localNames({ mirrors }: EdgeConfig, hub: string): (repository: string) => string | undefined {
  const rules = mirrors.filter(({ upstream }) => upstream === hub);
  return (repository) => {
    for (const { prefix, upstreamPrefix } of rules) {
      if (upstreamPrefix !== undefined && !repository.startsWith(`${upstreamPrefix}/`)) continue;
      const rest = upstreamPrefix === undefined ? repository : repository.slice(upstreamPrefix.length + 1);
      const name = prefix === ROOT_PREFIX ? rest : `${prefix}/${rest}`;
      // Another rule with a longer prefix may have it.
      const route = routeRepository(mirrors, name);
      if (route?.rule.upstream === hub && route.upstreamRepository === repository) return name;
    }
    return undefined;
  };
}
