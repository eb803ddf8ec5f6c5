import { z } from 'zod';
import type { Digest } from '../../core/digest.ts';
import { isDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { parseImageReference } from '../../core/image-reference.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { bundleSink } from '../../edge/adapters/bundle-volumes.ts';
import {
  type AttachedTag,
  type BundleImage,
  compressionFor,
  desiredContents,
  fetchDesired,
  imageWithGraph,
  planBundle,
  writeBundle,
} from '../../edge/bundle/index.ts';
import { MAX_EDGE_DOCUMENT_BYTES, openDesiredState, siteReportSchema } from '../../edge/index.ts';
import { parseDsseEnvelope } from '../../formats/dsse/index.ts';
import type { Registry } from '../../registry/index.ts';
import { fromCaller, localStack } from '../connection.ts';
import { defuse, printJson, say } from '../output.ts';
import { readBytes } from '../read-file.ts';
import { namedRegistries } from '../source/registries.ts';
import { hubKeys } from './site-keys.ts';

interface Options {
  readonly out: string;
  readonly site?: string | undefined;
  readonly from?: string | undefined;
  readonly desired?: string | undefined;
  readonly have?: string | undefined;
  readonly haveImage?: readonly string[] | undefined;
  readonly volumeSize?: number | undefined;
  readonly compress: 'auto' | 'none' | 'zstd';
  readonly key?: readonly string[] | undefined;
  readonly output: 'table' | 'json';
  readonly plainHttp?: boolean | undefined;
  readonly data?: string | undefined;
}

export async function runExport(images: readonly string[], options: Options): Promise<void> {
  const source = await openSource(images, options);
  const have = await heldBy(source, options);
  const plan = await planBundle(source, await wantedOf(source, images, options), have);
  const sink = await bundleSink(fromCaller(options.out), options.volumeSize);
  try {
    const compression = options.compress === 'auto' ? compressionFor(plan) : options.compress;
    const { content, archive, resumedAt, files } = await writeBundle({ source, sink }, plan, compression);
    const counts = { images: plan.images.length, parts: plan.parts.length, bytesMissing: content };
    const { site, generation } = plan.desired ?? {};
    if (options.output === 'json') {
      return printJson({ ...counts, site, generation, archiveBytes: archive, resumedAt, compression, files });
    }
    if (resumedAt > 0) say(`went on after ${formatBytes(resumedAt)} that were written before`);
    const whose = site === undefined ? '' : ` for ${site}, desired state ${generation}`;
    process.stdout.write(
      `${plural(counts.images, 'image')}${whose}: ${plural(counts.parts, 'part')} that are missing, ${formatBytes(content)} (${formatBytes(archive - content)} of lists and headers)\n`,
    );
    for (const file of files) process.stdout.write(`${defuse(file)}\n`);
  } finally {
    await sink.close();
  }
}

/** One registry holds all that goes into a bundle. */
async function openSource(images: readonly string[], { from, ...options }: Options): Promise<Registry> {
  const named = images.map((text) => parseImageReference(text).registry);
  const hosts = new Set([...(from === undefined ? [] : [from]), ...named]);
  const [host] = hosts;
  if (host === undefined || hosts.size > 1) {
    throw new LadingError('source-unclear', 'the images of a bundle come from one registry', {
      hint: 'name it with --from, and images of that registry alone',
    });
  }
  return namedRegistries({ stack: localStack(options.data), plainHttp: options.plainHttp }).open(host);
}

async function wantedOf(
  source: Registry,
  images: readonly string[],
  { site, desired, ...options }: Options,
): Promise<Parameters<typeof planBundle>[1]> {
  const ways = [images.length > 0, site !== undefined && desired === undefined, desired !== undefined];
  if (ways.filter(Boolean).length !== 1) {
    throw new LadingError('options-conflict', 'say what goes into the bundle: images, --site NAME, or --desired FILE');
  }
  if (images.length > 0) return namedImages(source, images);
  const keys = await hubKeys(options);
  if (desired !== undefined) {
    const envelope = await readDocument(desired);
    return { desired: desiredContents(envelope, openDesiredState(envelope, keys)) };
  }
  return { desired: await fetchDesired(source, site ?? '', keys) };
}

async function namedImages(source: Registry, images: readonly string[]) {
  const found: BundleImage[] = [];
  const attached: AttachedTag[] = [];
  for (const text of images) {
    const { repository, tag, digest } = parseImageReference(text);
    const one = await imageWithGraph(source, {
      repository,
      reference: digest ?? tag ?? 'latest',
      tag: digest ? tag : (tag ?? 'latest'),
    });
    found.push(one.image);
    attached.push(...one.attached);
  }
  return { images: found, attached };
}

const bareReport = z.object({ held: z.array(z.custom<Digest>(isDigest, 'not a digest')) });

/** A report is believed without its signature: what it says wrongly shows when the bundle is imported, and is told there. */
async function heldBy(source: Registry, { have, haveImage = [] }: Options): Promise<ReadonlySet<Digest>> {
  const held = new Set<Digest>();
  for (const text of haveImage) {
    const { repository, tag, digest } = parseImageReference(text);
    const { image } = await imageWithGraph(source, { repository, reference: digest ?? tag ?? 'latest' });
    for (const part of image.parts) held.add(part.digest);
  }
  if (have === undefined) return held;
  const document = parseJsonStrict(await readDocument(have), { what: have });
  const isEnvelope = typeof document === 'object' && document !== null && 'payload' in document;
  const report = isEnvelope
    ? siteReportSchema.safeParse(parseJsonStrict(parseDsseEnvelope(document).payload, { what: have }))
    : bareReport.safeParse(document);
  if (!report.success) {
    throw new LadingError('report-invalid', `${have} is no report of a site: ${z.prettifyError(report.error)}`);
  }
  for (const digest of report.data.held) held.add(digest);
  return held;
}

async function readDocument(file: string): Promise<Buffer> {
  const bytes = await readBytes(file);
  if (bytes.length > MAX_EDGE_DOCUMENT_BYTES * 2) throw new LadingError('file-unreadable', `${file} is too large`);
  return bytes;
}
