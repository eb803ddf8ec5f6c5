import { z } from 'zod';
import { formatBytes, plural } from '../core/format-units.ts';
import { connect } from './connection.ts';
import { askRegistry } from './edge-registry.ts';
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
  cache: z
    .object({
      budgetBytes: count,
      usedBytes: count,
      reservedBytes: count,
      images: count,
      leasedImages: count,
      evictedImages: count,
      evictedBytes: count,
      notStored: count,
    })
    .optional(),
});
type MirrorsAnswer = z.infer<typeof mirrorsAnswer>;

export async function runMirrors(options: {
  readonly registry?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly data?: string | undefined;
  readonly output: 'table' | 'json';
}): Promise<void> {
  const urls = options.registry
    ? [options.registry]
    : (connect({ ...options, onlyLocal: true }).local?.registries.map(({ url }) => url) ?? []);
  const { tokenFile } = options;
  const answers = await Promise.all(
    urls.map((registry) => askRegistry({ registry, tokenFile }, '/_lading/mirrors', mirrorsAnswer)),
  );
  const mirrors = answers.flatMap((answer) => answer.mirrors);
  const caches = answers.flatMap(({ cache }) => (cache === undefined ? [] : [cache]));
  if (options.output === 'json') return printJson({ mirrors, ...(caches.length === 0 ? {} : { caches }) });
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
  for (const cache of caches) tellOfCache(cache);
}

function tellOfCache(cache: NonNullable<MirrorsAnswer['cache']>): void {
  const { budgetBytes, usedBytes, reservedBytes, images, leasedImages, evictedImages, evictedBytes, notStored } = cache;
  say(
    `disk: ${formatBytes(usedBytes)} of ${formatBytes(budgetBytes)} used, ${formatBytes(reservedBytes)} on the way; ` +
      `${plural(images, 'image')}, ${leasedImages} leased`,
  );
  say(`dropped: ${plural(evictedImages, 'image')} (${formatBytes(evictedBytes)}); did not fit: ${notStored}`);
}
