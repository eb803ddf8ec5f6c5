import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { describeError, LadingError } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import { mirrorsConfigSchema } from '../../lib/mirror/config.ts';
import { routeRepository } from '../../lib/mirror/index.ts';
import { registriesConfigSchema } from '../../lib/registry/config.ts';
import { archiveRecall } from './archive-recall.ts';
import { type EmbeddedRegistry, startEmbeddedRegistry } from './registry/index.ts';
import { apiGate } from './registry/mirror/api-gate.ts';
import { upstreamRegistries } from './upstream-registries.ts';

/** An edge: a mirror by itself, near to where images run, which asks a Lading elsewhere what it may hand out. */
const edgeConfigSchema = z
  .strictObject({
    /** Where it listens; `0.0.0.0` for all addresses. It speaks plain HTTP: put TLS in front of it. */
    host: z.string().default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(5000),
    registries: registriesConfigSchema.shape.entries,
    mirrors: mirrorsConfigSchema,
    /** Lading's API, whose verdicts let images out of quarantine. */
    api: z.url({ protocol: /^https?$/ }).optional(),
    /** Whether a pull of what an upstream lacks asks that API to bring it back, where it was archived. */
    restores: z.boolean().default(false),
  })
  .superRefine(({ mirrors, registries, api, restores }, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (mirrors.length === 0) refuse(['mirrors'], 'an edge without a mirror serves nothing');
    if (restores && api === undefined) refuse(['api'], 'an edge that restores needs to know whom to ask');
    mirrors.forEach(({ upstream, quarantine }, i) => {
      if (!registries.some(({ host }) => host === upstream)) {
        refuse(['mirrors', i, 'upstream'], `"${upstream}" is not among the registries`);
      }
      if (quarantine.until === 'gate' && api === undefined) {
        refuse(['api'], `the mirror of "${upstream}" waits for the gate, and nothing says whom to ask`);
      }
    });
  });
type EdgeConfig = Readonly<z.infer<typeof edgeConfigSchema>>;

/** @throws LadingError `configuration-invalid` with a line for each thing that is wrong */
export async function readEdgeConfig(file: string): Promise<EdgeConfig> {
  const parsed = edgeConfigSchema.safeParse(parseJsonStrict(await readFile(file), { what: file }));
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new LadingError('configuration-invalid', `${file} cannot be used:\n${lines.join('\n')}`);
}

/** Starts the mirror alone: no functions, no tables, only its own folder. */
export async function startEdge(
  config: EdgeConfig,
  options: { readonly dataDir: string; readonly onProblem: (what: string) => void },
): Promise<EmbeddedRegistry> {
  const onProblem = (error: unknown): void => options.onProblem(describeError(error));
  const upstreamOf = (repository: string): string | undefined => {
    const route = routeRepository(config.mirrors, repository);
    return route && `${route.rule.upstream}/${route.upstreamRepository}`;
  };
  const recall = archiveRecall({ api: () => config.api, nameOf: upstreamOf, by: 'an edge', onProblem });
  return startEmbeddedRegistry({
    directory: join(options.dataDir, 'edge'),
    host: config.host,
    port: config.port,
    onProblem,
    ...(config.restores ? { recall } : {}),
    mirror: {
      rules: config.mirrors,
      registries: upstreamRegistries(config.registries),
      gate: apiGate({
        api: () => config.api,
        nameOf: ({ upstream }) => `${upstream.registry}/${upstream.repository}`,
        onProblem,
      }),
    },
  });
}
