import { shortDigest } from '../../core/digest.ts';
import { plural } from '../../core/format-units.ts';
import type { Sbom } from '../../sbom/index.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, paint, printJson, say } from '../output.ts';
import type { MadeSbom } from './make-sbom.ts';

export type SbomFormat = 'table' | 'cyclonedx-json' | 'native';

/** Prints an SBOM. One with gaps is printed too, and the answer is then no: what is missing is not "nothing there". */
export async function printSbom(made: MadeSbom, format: SbomFormat): Promise<void> {
  switch (format) {
    case 'cyclonedx-json':
      process.stdout.write(made.cycloneDx.endsWith('\n') ? made.cycloneDx : `${made.cycloneDx}\n`);
      break;
    case 'native':
      printJson(made.sbom);
      break;
    case 'table':
      await printPackages(made.sbom);
      break;
  }
  for (const remark of made.remarks) say(`${paint('yellow', 'note', process.stderr)}: ${defuse(remark)}`);
  if (warnOfGaps(made.sbom)) answerNo();
}

const NAMED_GAPS = 10;

type GapLine = Pick<Sbom['gaps'][number], 'code' | 'message' | 'path'>;

/** Says on standard error what keeps the SBOM from being whole; false where nothing does. */
export function warnOfGaps({
  outcome,
  gaps,
}: {
  readonly outcome: Sbom['outcome'];
  readonly gaps: readonly GapLine[];
}): boolean {
  if (outcome === 'complete') return false;
  const warning = paint('yellow', 'warning', process.stderr);
  const why = outcome === 'limit-exceeded' ? 'a cap was crossed' : 'something could not be read';
  say(`${warning}: this SBOM is incomplete (${outcome}): ${why}, and there may be more packages`);
  for (const { code, message, path } of gaps.slice(0, NAMED_GAPS)) {
    say(`  ${code}: ${defuse(message)}${path ? ` (${defuse(path)})` : ''}`);
  }
  if (gaps.length > NAMED_GAPS) say(`  and ${gaps.length - NAMED_GAPS} more`);
  return true;
}

async function printPackages({ packages, layers, distro, platform }: Sbom): Promise<void> {
  if (packages.length > 0) {
    const { printTable } = await import('../table.ts');
    printTable(
      ['NAME', 'VERSION', 'TYPE', 'LAYER', 'WHERE'],
      packages.map((one) => [
        one.name,
        one.version,
        one.type,
        shortDigest(layers[one.layer]?.digest ?? ''),
        one.locations[0] ? `/${one.locations[0].path}` : '',
      ]),
    );
  }
  const about = [platform, distro?.prettyName ?? distro?.id].filter(Boolean).join(', ');
  say(
    `${plural(packages.length, 'package')} in ${plural(layers.length, 'layer')}${about ? ` (${defuse(about)})` : ''}`,
  );
}
