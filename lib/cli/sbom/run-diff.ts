import { plural } from '../../core/format-units.ts';
import { compareSboms, isSame, type SbomDifference } from '../../sbom/index.ts';
import { answerNo } from '../exit-code.ts';
import { type Cell, printJson, say } from '../output.ts';
import type { SbomWish } from './make-sbom.ts';
import { openSbom } from './open-sbom.ts';

/** Compares two SBOMs or images; the answer is no where they differ. */
export async function runDiff(
  a: string,
  b: string,
  options: SbomWish & { readonly output: 'table' | 'json' },
): Promise<void> {
  const before = await openSbom(a, options);
  const after = await openSbom(b, options);
  const difference = compareSboms(before.sbom, after.sbom);
  if (options.output === 'json') printJson(difference);
  else await printDifference(difference);
  for (const remark of [...before.remarks, ...after.remarks]) say(`note: ${remark}`);
  if (!isSame(difference)) answerNo();
}

async function printDifference({ added, removed, changed, same, unidentified }: SbomDifference): Promise<void> {
  const rows: Cell[][] = [
    ...removed.map(({ type, name, version }): Cell[] => [{ text: '-', style: 'red' }, type, name, version, '']),
    ...added.map(({ type, name, version }): Cell[] => [{ text: '+', style: 'green' }, type, name, '', version]),
    ...changed.map(({ type, name, from, to }): Cell[] => [
      { text: '~', style: 'yellow' },
      type,
      name,
      from.join(', '),
      to.join(', '),
    ]),
  ];
  if (rows.length > 0) {
    const { printTable } = await import('../table.ts');
    printTable(['', 'TYPE', 'NAME', 'BEFORE', 'AFTER'], rows);
  }
  const counts = [
    `${added.length} added`,
    `${removed.length} removed`,
    `${changed.length} with other versions`,
    `${plural(same, 'package')} the same`,
  ];
  say(counts.join(', '));
  if (unidentified > 0) say(`${plural(unidentified, 'package')} without identity, which cannot be compared`);
}
