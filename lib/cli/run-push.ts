import { LadingError } from '../core/errors.ts';
import { formatBytes, plural } from '../core/format-units.ts';
import { formatImageReference, parseImageReference } from '../core/image-reference.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../registry/adapters/oci-layout.ts';
import { parseSource, type Registry } from '../registry/index.ts';
import { connect, fromCaller, localStack, type StackFile } from './connection.ts';
import { defuse, paint, printJson, say } from './output.ts';
import { createProgress } from './progress.ts';
import { type PushedImage, pushImage } from './push-image.ts';
import { splitTag } from './source/open-image.ts';
import { namedRegistries } from './source/registries.ts';

export interface PushOptions {
  readonly output: 'table' | 'json';
  readonly plainHttp?: boolean | undefined;
  readonly data?: string | undefined;
}

export async function runPush(source: string, name: string | undefined, options: PushOptions): Promise<void> {
  await copy(source, await openTarget(name, options), options);
}

/** @throws LadingError `source-invalid` where the folder is there and holds something else */
export async function runPull(source: string, folder: string, options: PushOptions): Promise<void> {
  const parsed = parseSource(folder.startsWith('oci:') ? folder : `oci:${folder}`);
  if (parsed.kind !== 'oci-layout') throw new TypeError('oci: is a layout');
  const from = parseSource(source);
  const tag = parsed.reference ?? (from.kind === 'registry' ? from.image.tag : from.reference);
  // As with any copy of files, what was just written is the system's to put on the disk.
  const registry = openOciLayout({ directory: fromCaller(parsed.directory), create: true, durable: false });
  const target = { registry, repository: LAYOUT_REPOSITORY, tag, layout: parsed.directory };
  await copy(source, { ...target, address: 'oci-layout' }, options);
}

async function copy(source: string, target: PushTarget, options: PushOptions): Promise<void> {
  const progress = createProgress(process.stderr);
  try {
    progress.show(`copying ${source}`);
    const pushed = await pushImage({
      source,
      target: target.registry,
      repository: target.repository,
      tag: target.tag,
      access: options,
      onProgress: (bytes) => progress.show(`copying ${source}: ${formatBytes(bytes)}`),
    });
    progress.clear();
    printPushed(pushed, target, options.output);
  } finally {
    progress.clear();
  }
}

interface PushTarget {
  readonly registry: Registry | Promise<Registry>;
  /** As a client would write it, and as events name it. */
  readonly address: string;
  readonly repository: string | undefined;
  readonly tag: string | undefined;
  /** The folder, where it is a layout. */
  readonly layout?: string;
}

async function openTarget(name: string | undefined, options: PushOptions): Promise<PushTarget> {
  if (name !== undefined && hasHost(name)) {
    const { registry: host, repository, tag, digest } = parseImageReference(name);
    if (digest !== undefined) {
      throw new LadingError('name-invalid', 'an image is pushed under a tag; its digest follows from its content');
    }
    const stack = localStack(options.data);
    const registry = await namedRegistries({ stack, plainHttp: options.plainHttp }).open(host);
    return { registry, address: host, repository, tag };
  }
  const stack = connect({ data: options.data, onlyLocal: true }).local;
  const source = sourceRegistry(stack);
  const registry = await namedRegistries({ stack }).open(source.host);
  const named = name === undefined ? undefined : splitTag(name);
  return {
    registry,
    address: `localhost:${new URL(source.url).port}`,
    repository: named?.repository,
    tag: named?.tag,
  };
}

/** As Docker tells: the part before the first slash is a host if it has a dot or a port, or is localhost. */
function hasHost(name: string): boolean {
  const [first = '', ...rest] = name.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
}

function sourceRegistry(stack: StackFile | undefined): StackFile['registries'][number] {
  const found = stack?.registries.find(({ role }) => role === 'source');
  if (found) return found;
  throw new LadingError('stack-not-running', 'the local stack has no registry to push to');
}

function printPushed(pushed: PushedImage, { address, layout }: PushTarget, output: 'table' | 'json'): void {
  const { repository, tag, digest, blobs, manifests, bytesMoved } = pushed;
  const named = layout === undefined ? `${address}/${repository}` : `oci:${layout}`;
  const reference = layout
    ? `${named}:${tag}`
    : formatImageReference({ registry: address, repository, ...(tag ? { tag } : {}), digest });
  if (output === 'json') {
    printJson({ reference, ...pushed });
    return;
  }
  const line = (key: string, value: string): void =>
    void process.stdout.write(`${paint('dim', key.padEnd(9))}${defuse(value)}\n`);
  line('image', `${named}${tag ? `:${tag}` : ''}`);
  line('digest', digest);
  const there = blobs.skipped + blobs.mounted + manifests.skipped;
  line(
    'moved',
    `${formatBytes(bytesMoved)} in ${plural(blobs.copied, 'blob')} and ${plural(manifests.copied, 'manifest')}; ${there} were there already`,
  );
  if (!pushed.complete)
    say(`${paint('yellow', 'note', process.stderr)}: not every referrer of the image could be read`);
}
