import { Argument, Command } from '@commander-js/extra-typings';
import { LadingError } from '../../core/errors.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import { formatImageReference, parseImageReference } from '../../core/image-reference.ts';
import { assembleIndex, checkIndex, comparePlatforms } from '../../multi-arch/index.ts';
import { localStack } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, printJson, say } from '../output.ts';
import { namedRegistries } from '../source/registries.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, outputOption, plainHttpOption } from './options.ts';

export const indexCommand = () =>
  new Command('index')
    .description('images for several platforms under one name')
    .addCommand(createCommand())
    .addCommand(checkCommand())
    .addCommand(parityCommand());

type Access = { readonly plainHttp?: boolean | undefined; readonly data?: string | undefined };

async function open(text: string, { plainHttp, data }: Access) {
  const { registry: host, repository, tag, digest } = parseImageReference(text);
  const registry = await namedRegistries({ stack: localStack(data), plainHttp }).open(host);
  return { registry, host, repository, tag, digest, reference: digest ?? tag ?? 'latest' };
}

const createCommand = () =>
  new Command('create')
    .description(
      'makes an index of images that are in one repository, each for its platform, and pushes it under a tag',
    )
    .addArgument(new Argument('<name>', 'HOST/REPOSITORY:TAG of the index'))
    .addArgument(
      new Argument('<part...>', 'tags or digests in that repository: images, or indexes to take images from'),
    )
    .option('--dry-run', 'only tell what it would be')
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .action(async (name, parts, options) => {
      const { registry, host, repository, tag, digest } = await open(name, options);
      if (digest !== undefined || tag === undefined) {
        throw new LadingError('name-invalid', 'an index is pushed under a tag: HOST/REPOSITORY:TAG');
      }
      const given = parts.map((reference) => ({ reference }));
      const { index, platforms } = await assembleIndex(registry, repository, given);
      const { mediaType, bytes } = index;
      if (!options.dryRun) await registry.putManifest({ repository, reference: tag, mediaType, bytes });
      const reference = formatImageReference({ registry: host, repository, tag, digest: index.digest });
      if (options.output === 'json') return printJson({ reference, digest: index.digest, platforms });
      say(`${reference}${options.dryRun ? ' (not pushed)' : ''}`);
      printTable(
        ['PLATFORM', 'DIGEST'],
        platforms.map((one) => [one.platform, one.digest]),
      );
    });

const checkCommand = () =>
  new Command('check')
    .description('whether every image of an index is there, as described, and for the platform that it is listed for')
    .addArgument(new Argument('<ref>', 'HOST/REPOSITORY:TAG or @digest'))
    .addOption(outputOption())
    .addOption(plainHttpOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const { registry, repository, reference } = await open(ref, options);
      const check = await checkIndex(registry, { repository, reference });
      if (check.problems.length > 0) answerNo();
      if (options.output === 'json') return printJson(check);
      say(`${check.digest}: ${check.platforms.join(', ') || 'no platform'}`);
      if (check.problems.length === 0) return say('whole');
      printTable(
        ['PROBLEM', 'DIGEST', 'DETAIL'],
        check.problems.map(({ kind, digest, detail }) => [kind, digest, defuse(detail)]),
      );
    });

const parityCommand = () =>
  new Command('parity')
    .description('what the images of an index have that others of it have not: packages, versions, findings, sizes')
    .addArgument(new Argument('<ref>', 'an index that the stack knows'))
    .option('--fail', 'exit with 1 where they differ')
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (ref, options) => {
      const { readPlatforms } = await import('../read-platforms.ts');
      const report = comparePlatforms(await readPlatforms(ref, options));
      if (options.fail && report.differences.length > 0) answerNo();
      if (options.output === 'json') {
        const differences = report.differences.map(({ on, ...one }) => ({ ...one, on: Object.fromEntries(on) }));
        return printJson({ ...report, differences });
      }
      printTable(
        ['PLATFORM', 'SIZE', 'PACKAGES', 'FINDINGS'],
        report.platforms.map(({ platform, bytes, packages, findings }) => [
          ...[platform, formatBytes(bytes), String(packages ?? 'unknown'), String(findings ?? 'unknown')],
        ]),
      );
      process.stdout.write('\n');
      if (report.unknown.length > 0) say(`not everything is known of ${report.unknown.join(', ')}`);
      say(plural(report.differences.length, 'difference'));
      const names = report.platforms.map(({ platform }) => platform);
      printTable(
        ['KIND', 'NAME', ...names.map((name) => name.toUpperCase())],
        report.differences.map(({ kind, name, on }) => [
          kind,
          defuse(name),
          ...names.map((one) => defuse(on.get(one) ?? '')),
        ]),
      );
    });
