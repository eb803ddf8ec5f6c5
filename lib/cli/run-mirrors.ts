import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { formatBytes } from '../core/format-units.ts';
import { parseJsonStrict } from '../core/json.ts';
import { connect } from './connection.ts';
import { defuse, printJson, say } from './output.ts';
import { printTable } from './table.ts';

const count = z.int().nonnegative();
const mirrorsAnswer = z.object({
  mirrors: z.array(
    z.object({
      prefix: z.string(),
      upstream: z.string(),
      quarantine: z.string(),
      counts: z.object({
        hits: count,
        misses: count,
        stale: count,
        held: count,
        denied: count,
        failed: count,
        bytesFromCache: count,
        bytesFromUpstream: count,
      }),
    }),
  ),
});

export async function runMirrors(options: {
  readonly registry?: string | undefined;
  readonly data?: string | undefined;
  readonly output: 'table' | 'json';
}): Promise<void> {
  const urls = options.registry
    ? [options.registry]
    : (connect({ ...options, onlyLocal: true }).local?.registries.map(({ url }) => url) ?? []);
  const mirrors = (await Promise.all(urls.map(mirrorsOf))).flat();
  if (options.output === 'json') return printJson({ mirrors });
  if (mirrors.length === 0) return say('nothing is mirrored; the setting "mirrors" says what is');
  printTable(
    [
      'PREFIX',
      'UPSTREAM',
      'QUARANTINE',
      'HITS',
      'MISSES',
      'STALE',
      'HELD',
      'DENIED',
      'FAILED',
      'FROM CACHE',
      'FETCHED',
    ],
    mirrors.map(({ prefix, upstream, quarantine, counts }) => [
      defuse(prefix),
      defuse(upstream),
      defuse(quarantine),
      ...[counts.hits, counts.misses, counts.stale, counts.held, counts.denied, counts.failed].map(String),
      formatBytes(counts.bytesFromCache),
      formatBytes(counts.bytesFromUpstream),
    ]),
  );
}

async function mirrorsOf(base: string): Promise<z.infer<typeof mirrorsAnswer>['mirrors']> {
  const url = new URL('/_lading/mirrors', base);
  let answer: Response;
  try {
    answer = await fetch(url);
  } catch (cause) {
    throw new LadingError('registry-unreachable', `${url.host} does not answer`, { cause, hint: 'is it running?' });
  }
  const parsed = answer.ok
    ? mirrorsAnswer.safeParse(parseJsonStrict(new Uint8Array(await answer.arrayBuffer())))
    : undefined;
  if (parsed?.success) return parsed.data.mirrors;
  throw new LadingError('registry-refused', `${url.host} is no registry of Lading (status ${answer.status})`);
}
