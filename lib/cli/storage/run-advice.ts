import { join } from 'node:path';
import { mapLimit } from '../../core/concurrency.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { isNonDistributable, layerCompression } from '../../formats/oci/index.ts';
import { documentInventoryStore } from '../../sbom/adapters/document-inventory-store.ts';
import { registryImageSource } from '../../sbom/adapters/registry-image-source.ts';
import { inventoryImage } from '../../sbom/index.ts';
import { documentLayers } from '../../storage/adapters/document-layers.ts';
import { adviseImage, type LayerContents, readContents } from '../../storage/index.ts';
import { getJson } from '../api-client.ts';
import { cacheFolder } from '../cache-folder.ts';
import { connect } from '../connection.ts';
import { cachedDocuments } from '../file-documents.ts';
import { printJson, say } from '../output.ts';
import { openImage } from '../source/open-image.ts';
import { parsePlatform } from '../source/platform.ts';
import { selectPlatform } from '../source/select-platform.ts';
import { printTable } from '../table.ts';
import { type AdviceShape, adviceAnswer } from './shapes.ts';

export interface AdviceWish {
  readonly api?: string | undefined;
  readonly data?: string | undefined;
  readonly plainHttp?: boolean | undefined;
  readonly platform?: string | undefined;
  /** Reads the image's layers, instead of asking the stack for what it knows of them. */
  readonly read?: boolean | undefined;
  readonly zstd?: number | undefined;
  readonly sample?: number | undefined;
  readonly output: 'table' | 'json';
}

const LOCAL = /^(?:oci|oci-archive|docker-archive):/;

/** What an image could do without. */
export async function runAdvice(text: string, wish: AdviceWish): Promise<void> {
  const local = wish.read || wish.zstd !== undefined || LOCAL.test(text);
  const advice: AdviceShape = local
    ? await adviseByReading(text, wish)
    : await getJson(connect(wish), `/api/storage/advice?${new URLSearchParams({ ref: text })}`, adviceAnswer);
  if (wish.output === 'json') printJson(advice);
  else printAdvice(advice);
}

/** Reads each layer at most twice in its life: for its inventory, and for the contents of its files. */
async function adviseByReading(text: string, wish: AdviceWish): Promise<AdviceShape> {
  const image = await openImage(text, wish);
  const source = registryImageSource(image.reader, image.repository);
  const platform = wish.platform === undefined ? undefined : parsePlatform(wish.platform);
  const { digest } = await selectPlatform(source, image.digest, platform);
  const manifest = await source.manifest(digest);
  if (manifest?.kind !== 'image') throw new LadingError('not-an-image', `${text} is not a container image`);
  const documents = cachedDocuments(join(cacheFolder(), 'inventories'));
  const inventories = documentInventoryStore(documents);
  const { layers, gaps } = await inventoryImage({ layers: manifest.layers }, { source, inventories });
  for (const gap of gaps) say(`gap: ${gap.message}`);
  const known = documentLayers(inventories, documents);
  const contents = await mapLimit(layers, 2, async ({ descriptor, inventory }): Promise<LayerContents | undefined> => {
    const kept = await known.contents(descriptor.digest);
    if (kept && (wish.zstd === undefined || kept.zstd?.level === wish.zstd)) return kept;
    if (inventory === undefined || isNonDistributable(descriptor.mediaType)) return undefined;
    if (layerCompression(descriptor.mediaType) === undefined) return undefined;
    const sampleBytes = wish.sample === undefined ? undefined : wish.sample * 1024 * 1024;
    const read = await readContents(descriptor, source.open(descriptor), { zstdLevel: wish.zstd, sampleBytes });
    if (read.status === 'read') {
      await known.keep(read.contents);
      return read.contents;
    }
    say(`layer ${descriptor.digest}: ${read.message}`);
    return undefined;
  });
  const advice = adviseImage({
    layers: layers.map(({ descriptor, inventory }, i) => ({
      ...{ digest: descriptor.digest, bytes: descriptor.size, inventory },
      contents: contents[i],
    })),
    referrerTypes: [],
  });
  return adviceAnswer.parse({ image: `${text} (${digest})`, ...advice });
}

function printAdvice(advice: AdviceShape): void {
  printTable(
    ['LAYER', 'SIZE', 'UNPACKED', 'FILES', 'DELETED ABOVE', 'REPLACED ABOVE', 'ZSTD GAIN'],
    advice.layers.map(({ digest, bytes, known, recompression: gain }, i) => [
      ...[`${i} ${digest.slice(7, 19)}`, formatBytes(bytes)],
      ...(known
        ? [
            formatBytes(known.unpackedBytes),
            String(known.files),
            formatBytes(known.deletedBytes),
            formatBytes(known.replacedBytes),
          ]
        : ['not read yet', '', '', '']),
      gain
        ? `${gain.gain < 0 ? '−' : ''}${formatBytes(Math.abs(gain.gain))}${gain.basis === 'sample' ? ' by sample' : ''}`
        : '',
    ]),
  );
  const { deleted, replaced, caches, repeated, lazyLoading } = advice;
  if (deleted.bytes + replaced.bytes > 0) {
    say(
      `shipped and not seen: ${formatBytes(deleted.bytes)} deleted and ${formatBytes(replaced.bytes)} replaced by upper layers, about ${formatBytes(advice.packedEstimate)} of what is stored`,
    );
    for (const { path, bytes } of [...deleted.largest, ...replaced.largest].slice(0, 5))
      say(`  ${formatBytes(bytes)} ${path}`);
  }
  for (const { tool, bytes, where, advice: todo } of caches)
    say(`cache of ${tool}: ${formatBytes(bytes)}, mostly in ${where}: ${todo}`);
  if (repeated.wasted > 0) {
    say(
      `in several layers, ${repeated.by === 'contents' ? 'byte for byte' : 'by name and size'}: ${formatBytes(repeated.wasted)} in ${plural(repeated.count, 'file')}`,
    );
    for (const { path, wasted, layers } of repeated.largest.slice(0, 5))
      say(`  ${formatBytes(wasted)} ${path} (layers ${layers.join(', ')})`);
  }
  const measured = advice.layers.flatMap(({ recompression }) => recompression ?? []);
  if (measured.length > 0) {
    const gain = measured.reduce((sum, one) => sum + one.gain, 0);
    say(
      `zstd level ${measured[0]?.level}: ${gain >= 0 ? 'saves' : 'costs'} ${formatBytes(Math.abs(gain))} in ${plural(measured.length, 'layer')}; other digests, so sign again`,
    );
  }
  for (const { method, verdict, why } of lazyLoading) say(`${method}: ${verdict}, ${why}`);
  if (advice.unknown > 0) say(`nothing is known of ${plural(advice.unknown, 'layer')}; --read reads them`);
}
