import { Argument, Command } from '@commander-js/extra-typings';
import { shortDigest } from '../../core/digest.ts';
import { formatBytes, plural } from '../../core/format-units.ts';
import type { SeverityCounts } from '../../events/index.ts';
import { getJson } from '../api-client.ts';
import { connect, type StackFile } from '../connection.ts';
import { defuse, paint, printJson, severityCell } from '../output.ts';
import { type ImageShape, imageAnswer, imagesAnswer } from '../shapes.ts';
import { localRegistry } from '../source/registries.ts';
import { printTable } from '../table.ts';
import { apiOption, dataOption, limitOption, outputOption } from './options.ts';

export const imagesCommand = () =>
  new Command('images')
    .description('list the newest images with what is known of them')
    .addOption(limitOption('at most so many', 200))
    .addOption(outputOption())
    .addOption(apiOption())
    .addOption(dataOption())
    .action(async (options) => {
      const answer = await getJson(connect(options), `/api/images?limit=${options.limit}`, imagesAnswer);
      if (options.output === 'json') return printJson(answer.images);
      printTable(
        ['IMAGE', 'DIGEST', 'CLASS', 'PACKAGES', 'FINDINGS', 'VERDICT', 'SIGNED', 'REPLICAS'],
        answer.images.map((image) => [
          `${image.entry.repository}${image.tags.length > 0 ? `:${image.tags.join(',')}` : ''}`,
          shortDigest(image.entry.digest),
          image.entry.artifactClass,
          String(image.sbom?.sbom.packages ?? '-'),
          image.scan ? formatCounts(image.scan.counts) : '-',
          image.verdict?.decision ?? (image.settled ? '-' : 'pending'),
          image.signature ? 'yes' : '-',
          String(image.replicas.length),
        ]),
      );
    });

export const imageCommand = () =>
  new Command('image').description('what is known of one image').addCommand(
    new Command('show')
      .description('everything that is known of an image')
      .addArgument(new Argument('<ref>', 'registry/repository:tag or registry/repository@sha256:…'))
      .addOption(outputOption())
      .addOption(apiOption())
      .addOption(dataOption())
      .action(async (ref, options) => {
        const connection = connect(options);
        const path = `/api/image?ref=${encodeURIComponent(inEvents(ref, connection.local))}`;
        const answer = await getJson(connection, path, imageAnswer);
        if (options.output === 'json') return printJson(answer);
        printImage(answer.image);
        const findings = answer.findings ?? [];
        if (findings.length === 0) return;
        process.stdout.write('\n');
        printTable(
          ['SEVERITY', 'ID', 'PACKAGE', 'VERSION', 'FIXED IN', 'WHERE'],
          findings.map((finding) => [
            severityCell(finding.severity),
            finding.id,
            finding.package,
            finding.version,
            finding.fixedVersions.join(', ') || finding.fixState,
            finding.location ?? '',
          ]),
        );
      }),
  );

/** People write the address that they push to (`localhost:5000/…`); events name the registry by its ECR host. */
export function inEvents(ref: string, stack: StackFile | undefined): string {
  const slash = ref.indexOf('/');
  const found = slash < 0 ? undefined : localRegistry(stack, ref.slice(0, slash));
  return found ? `${found.host}${ref.slice(slash)}` : ref;
}

export const formatCounts = (counts: SeverityCounts): string =>
  (['critical', 'high', 'medium', 'low', 'unknown'] as const)
    .filter((severity) => counts[severity] > 0)
    .map((severity) => `${counts[severity]} ${severity}`)
    .join(', ') || 'none known';

function printImage({ entry, tags, stages, sbom, scan, verdict, signature, replicas }: ImageShape): void {
  const line = (name: string, value: string): void =>
    void process.stdout.write(
      `${paint('dim', name.padEnd(11))}${value
        .split('\n')
        .map(defuse)
        .join(`\n${' '.repeat(11)}`)}\n`,
    );
  line('image', `${entry.registry}/${entry.repository}@${entry.digest}`);
  line('tags', tags.join(', ') || 'none');
  line(
    'class',
    `${entry.artifactClass}${entry.platform ? `, ${entry.platform}` : ''}, ${formatBytes(entry.sizeBytes)}`,
  );
  line('stages', stages.map(({ stage, state }) => `${stage} ${state}`).join(', '));
  if (sbom)
    line(
      'sbom',
      `${plural(sbom.sbom.packages, 'package')} (${sbom.sbom.outcome}), ${plural(sbom.layersRead, 'layer')} read`,
    );
  if (scan) line('findings', `${formatCounts(scan.counts)}; ${plural(scan.uncovered, 'package')} without advisories`);
  if (verdict) line('verdict', [verdict.decision, ...verdict.reasons, ...verdict.warnings].join('\n'));
  if (signature) line('signature', `${signature.digest} (${signature.algorithm})`);
  for (const { target, bytesMoved } of replicas)
    line('replica', `${target.registry}/${target.repository}, ${formatBytes(bytesMoved)} moved`);
}
