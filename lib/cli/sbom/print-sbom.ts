import { shortDigest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import { visibleText } from '../../core/visible-text.ts';
import { type Base, type Sbom, type SbomForm, writeSbom, writtenVersion } from '../../sbom/index.ts';
import { fromCaller } from '../connection.ts';
import { answerNo } from '../exit-code.ts';
import { defuse, paint, printJson, say } from '../output.ts';
import type { MadeSbom } from './make-sbom.ts';
import { PLATFORM_MARK, type SbomOutput } from './outputs.ts';

/** Prints an SBOM. One with gaps is printed too, and the answer is then no: what is missing is not "nothing there". */
export async function printSbom(made: MadeSbom, outputs: readonly SbomOutput[]): Promise<void> {
  for (const output of outputs) {
    if (output.file === undefined) await print(made, output.form);
    else await writeFiles(made, output.form, output.file);
  }
  for (const remark of made.remarks) say(`${paint('yellow', 'note', process.stderr)}: ${defuse(remark)}`);
  if (warnOfGaps(made.sbom)) answerNo();
}

async function print(made: MadeSbom, form: SbomForm | 'table'): Promise<void> {
  if (form === 'table') return printPackages(made.sbom);
  if (form.format === 'native') return printJson(made.sbom);
  const document = documentOf(made, made.sbom, form);
  process.stdout.write(process.stdout.isTTY ? forTerminal(document) : document);
}

/** Documents end with a line feed, so that they can be joined and edited. */
function documentOf({ cycloneDx, subject, sbom: whole }: MadeSbom, sbom: Sbom, form: SbomForm): string {
  const made = form.format === 'cyclonedx-json' && form.version === '1.6' && sbom === whole;
  const document = made ? cycloneDx : writeSbom(sbom, form, subject);
  return document.endsWith('\n') ? document : `${document}\n`;
}

/** What is written to a file or pipe is exact; on a terminal, names from strangers must not steer it. */
const forTerminal = (document: string): string => document.split('\n').map(visibleText).join('\n');

async function writeFiles(made: MadeSbom, form: SbomForm | 'table', file: string): Promise<void> {
  if (form === 'table') throw new LadingError('options-conflict', 'a table is printed, and not written to a file');
  const { writeFile } = await import('node:fs/promises');
  const sboms = file.includes(PLATFORM_MARK) ? byPlatform(made) : [{ name: '', sbom: made.sbom }];
  for (const { name, sbom } of sboms) {
    const path = fromCaller(file.replaceAll(PLATFORM_MARK, name));
    try {
      await writeFile(path, documentOf(made, sbom, form));
    } catch (cause) {
      throw new LadingError('file-not-written', `${path} cannot be written`, { cause });
    }
  }
}

/** `linux-arm64-v8`; images of the same platform are told apart by their digest. */
function byPlatform({ sbom, children }: MadeSbom): readonly { readonly name: string; readonly sbom: Sbom }[] {
  const all = children.length > 0 ? children : [sbom];
  const counts = Map.groupBy(all, ({ platform }) => platform ?? 'unknown');
  return all.map((one) => {
    const platform = one.platform ?? 'unknown';
    const name = platform.replace(/[^a-z0-9_.-]+/gi, '-');
    const alone = (counts.get(platform)?.length ?? 0) < 2;
    return { name: alone ? name : `${name}-${one.image.slice(7, 19)}`, sbom: one };
  });
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

const BASED_ON: Readonly<Record<Base['evidence'], string>> = {
  annotation: 'as its annotations say and its layers show',
  'known-image': 'as its layers show',
  history: 'as its history lets guess',
};

async function printPackages({ packages, layers, distro, platform, base }: Sbom): Promise<void> {
  if (packages.length > 0) {
    const { printTable } = await import('../table.ts');
    const isMerged = packages.some(({ foundBy }) => foundBy);
    printTable(
      ['NAME', 'VERSION', 'TYPE', 'LAYER', 'ORIGIN', 'WHERE', ...(isMerged ? ['FOUND BY'] : [])],
      packages.map((one) => [
        one.name,
        writtenVersion(one.version),
        one.type,
        shortDigest((one.layer === undefined ? undefined : layers[one.layer]?.digest) ?? ''),
        one.origin ?? '',
        one.locations[0] ? `/${one.locations[0].path}` : '',
        ...(isMerged ? [(one.foundBy ?? []).join(', ')] : []),
      ]),
    );
  }
  const about = [platform, distro?.prettyName ?? distro?.id].filter(Boolean).join(', ');
  say(
    `${plural(packages.length, 'package')} in ${plural(layers.length, 'layer')}${about ? ` (${defuse(about)})` : ''}`,
  );
  if (base)
    say(
      `${plural(base.layers, 'layer')} of the base${base.name ? ` ${defuse(base.name)}` : ''}, ${BASED_ON[base.evidence]}`,
    );
}
