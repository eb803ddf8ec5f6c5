import { systemClock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { isRegistryHost, isRepositoryName } from '../../core/image-reference.ts';
import { bundleFiles } from '../../edge/adapters/bundle-volumes.ts';
import {
  importBundle,
  oneLayout,
  openBundleFiles,
  rememberDesired,
  siteTrust,
  streamedBytes,
} from '../../edge/bundle/index.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../registry/adapters/oci-layout.ts';
import type { Registry } from '../../registry/index.ts';
import { fromCaller, localStack } from '../connection.ts';
import { printJson } from '../output.ts';
import { createProgress } from '../progress.ts';
import { namedRegistries } from '../source/registries.ts';
import { hubKeys } from './site-keys.ts';

interface Options {
  readonly to: string;
  readonly site?: string | undefined;
  readonly under?: string | undefined;
  readonly unsigned?: true | undefined;
  readonly key?: readonly string[] | undefined;
  readonly output: 'table' | 'json';
  readonly plainHttp?: boolean | undefined;
  readonly data?: string | undefined;
}

export async function runImport(files: readonly string[], options: Options): Promise<void> {
  const target = await openTarget(options);
  const trust = await trustOf(target, options);
  const { under } = options;
  const bytes =
    files.length === 1 && files[0] === '-'
      ? streamedBytes(process.stdin)
      : await openBundleFiles(await bundleFiles(files.map(fromCaller)));
  const progress = createProgress(process.stderr);
  try {
    const result = await importBundle(
      {
        ...{ target, trust },
        localName: under === undefined ? undefined : (repository) => nameUnder(under, repository),
        onVerified: (desired) => rememberDesired(target, desired, 'verified'),
        onWhole: (desired) => rememberDesired(target, desired, 'whole'),
        onImage: ({ repository, digest }) => progress.show(`${repository}@${digest} is there`),
      },
      bytes,
    );
    progress.clear();
    if (options.output === 'json') return printJson(result);
    const { images, generation, partsStored, partsSkipped, bytesStored, tags } = result;
    const state = generation === undefined ? '' : ` of the desired state ${generation}`;
    const before = partsSkipped > 0 ? `, ${plural(partsSkipped, 'part')} had been stored before` : '';
    process.stdout.write(
      `${plural(images, 'image')}${state} are there: ${plural(partsStored, 'part')} stored (${formatBytes(bytesStored)})${before}, ${plural(tags, 'tag')} set\n`,
    );
  } finally {
    progress.clear();
  }
}

/** @returns `undefined` where that is no name that a registry takes */
function nameUnder(prefix: string, repository: string): string | undefined {
  const name = `${prefix}/${repository}`;
  return isRepositoryName(name) ? name : undefined;
}

async function openTarget({ to, data, plainHttp }: Options): Promise<Registry> {
  if (to.startsWith('oci:')) {
    const layout = await openOciLayout({ directory: fromCaller(to.slice(4)), create: true });
    return oneLayout({ layout, repository: LAYOUT_REPOSITORY });
  }
  if (!isRegistryHost(to)) {
    throw new LadingError('target-invalid', `"${to}" is neither a registry's host nor oci:DIR`);
  }
  return namedRegistries({ stack: localStack(data), plainHttp }).open(to);
}

async function trustOf(target: Registry, { site, unsigned, ...options }: Options) {
  if (unsigned && site === undefined) return undefined;
  if (unsigned || site === undefined) {
    throw new LadingError(
      'options-conflict',
      'name this site with --site, or take a bundle without a desired state with --unsigned',
    );
  }
  return siteTrust(target, site, await hubKeys(options), systemClock.now());
}
