import { formatBytes, plural } from '../../core/format-units.ts';
import { judgeSbom, type QualityStandard, type SbomQuality } from '../../sbom/index.ts';
import { answerNo } from '../exit-code.ts';
import { type Cell, defuse, printJson, say } from '../output.ts';
import type { SbomWish } from './make-sbom.ts';
import { openSbom } from './open-sbom.ts';

/** Judges an SBOM or that of an image; the answer is no below the least score that is asked for. */
export async function runQuality(
  text: string,
  options: SbomWish & { readonly output: 'table' | 'json'; readonly failBelow?: number | undefined },
): Promise<void> {
  const { sbom, coverage, remarks } = await openSbom(text, options);
  const quality = judgeSbom(sbom, coverage);
  if (options.output === 'json') printJson(quality);
  else await printQuality(quality);
  for (const remark of remarks) say(`note: ${defuse(remark)}`);
  if (options.failBelow !== undefined && quality.score < options.failBelow) answerNo();
}

const STANDARDS: Readonly<Record<QualityStandard, string>> = {
  ntia: 'NTIA',
  bsi: 'BSI TR-03183-2',
  content: 'content',
};
const NAMED = 3;
const LISTED_FILES = 10;

async function printQuality({ score, packages, checks, coverage }: SbomQuality): Promise<void> {
  const { printTable } = await import('../table.ts');
  printTable(
    ['ASKED BY', 'WHAT', 'MET', 'LACKING'],
    checks.map(({ standard, id, title, met, of, missing }): Cell[] => {
      const whole = met === of;
      const amount =
        id === 'bytes'
          ? `${formatBytes(met)} of ${formatBytes(of)}`
          : of === 1
            ? whole
              ? 'yes'
              : 'no'
            : `${met} of ${of}`;
      const more = of - met > NAMED && id !== 'bytes' ? ` and ${of - met - NAMED} more` : '';
      return [
        STANDARDS[standard],
        title,
        { text: amount, style: whole ? 'green' : 'yellow' },
        missing.length === 0 ? '' : `${missing.slice(0, NAMED).join(', ')}${more}`,
      ];
    }),
  );
  if (coverage && coverage.unidentified.length > 0) {
    process.stdout.write('\n');
    printTable(
      ['UNIDENTIFIED CONTENT', 'SIZE', 'KIND'],
      coverage.unidentified
        .slice(0, LISTED_FILES)
        .map(({ path, bytes, executable }) => [
          `/${path}`,
          formatBytes(bytes),
          executable ? 'program or library' : 'file',
        ]),
    );
  }
  say(`${score} of 100 for ${plural(packages, 'package')}`);
}
