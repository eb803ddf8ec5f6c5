import { unreachable } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import { escapeInvisible } from '../../core/visible-text.ts';
import { GENERATOR_VERSION } from '../../sbom/index.ts';
import { compareSeverity, severities } from '../../vulnerabilities/index.ts';
import { defuse, paint, printJson, say, severityCell } from '../output.ts';
import { warnOfGaps } from '../sbom/print-sbom.ts';
import { broughtBy, printTable } from '../table.ts';
import { vexText } from './describe-finding.ts';
import type { ScanFormat } from './formats.ts';
import type { ScanTarget } from './read-target.ts';
import type { ScanReport } from './scan-target.ts';

const NAMED = 20;

export async function printScan(report: ScanReport, target: ScanTarget, format: ScanFormat, time: Date): Promise<void> {
  await printReport(report, target, format, time);
  const note = paint('yellow', 'note', process.stderr);
  for (const remark of target.remarks) say(`${note}: ${defuse(remark)}`);
  if (target.outcome !== undefined) warnOfGaps({ outcome: target.outcome, gaps: target.gaps });
  printLeftOut(report);
  if (format === 'table') summarize(report);
}

async function printReport(report: ScanReport, target: ScanTarget, format: ScanFormat, time: Date): Promise<void> {
  const about = { version: GENERATOR_VERSION, time };
  switch (format) {
    case 'table':
      return printFindings(report);
    case 'json':
      return printJson(report);
    case 'sarif':
      return print(escapeInvisible((await import('./to-sarif.ts')).toSarif(report, about.version)));
    case 'cyclonedx':
      return print(escapeInvisible((await import('./to-cyclonedx.ts')).toCycloneDxReport(report, target, about)));
    case 'openvex': {
      const { toOpenVex } = await import('./to-openvex.ts');
      const document = toOpenVex(report, target, { ...about, author: 'lading' });
      return document === undefined ? say('no finding, and so no OpenVEX document') : print(escapeInvisible(document));
    }
    case 'html':
      return print((await import('./to-html.ts')).toHtml(report, about));
    default:
      return unreachable(format);
  }
}

const print = (text: string): void => void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);

/** Files that hold something else are named together; what is wrong with one that should hold advisories is said. */
function printLeftOut({ advisories }: ScanReport): void {
  const note = paint('yellow', 'note', process.stderr);
  const others: string[] = [];
  for (const { name, problem } of advisories.sources) {
    if (problem?.kind === 'malformed' || problem?.kind === 'empty') others.push(defuse(name));
    else if (problem) say(`${note}: ${defuse(name)} is left out: ${defuse(problem.message.slice(0, 300))}`);
  }
  if (others.length === 0) return;
  const more = others.length > NAMED ? ` and ${others.length - NAMED} more` : '';
  say(`${note}: left out, being no advisories that are read here: ${others.slice(0, NAMED).join(', ')}${more}`);
}

function printFindings({ findings, suppressed }: ScanReport): void {
  for (const one of suppressed) say(`settled: ${defuse(`${one.id} in ${one.package.name}: ${vexText(one) ?? ''}`)}`);
  if (findings.length === 0) return;
  printTable(
    ['SEVERITY', 'ID', 'PACKAGE', 'VERSION', 'FIXED IN', 'BROUGHT BY', 'WHERE'],
    findings
      .toSorted((a, b) => compareSeverity(a.severity, b.severity))
      .map(({ severity, id, package: pkg, fixedVersions, fixState, layer, origin, locations }) => [
        severityCell(severity),
        id,
        pkg.name,
        pkg.version,
        fixedVersions.join(', ') || fixState,
        broughtBy({ layer, origin }),
        locations[0] ?? '',
      ]),
  );
}

function summarize({ findings, suppressed, coverage }: ScanReport): void {
  const counts = severities
    .map((severity) => ({ severity, count: findings.filter((finding) => finding.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}`);
  say(
    `${plural(findings.length, 'finding')} in ${plural(coverage.packages, 'package')}${counts.length > 0 ? ` (${counts.join(', ')})` : ''}`,
  );
  if (suppressed.length > 0) say(`${plural(suppressed.length, 'finding')} settled by VEX`);
  if (coverage.uncovered > 0) {
    const names = coverage.ecosystems.filter(({ data }) => data === 'none').map(({ name }) => name);
    say(
      `${plural(coverage.uncovered, 'package')} without advisories to compare with: unknown, not clean (${defuse(names.join(', '))})`,
    );
  }
  const excerpts = coverage.ecosystems.filter(({ data }) => data === 'excerpt').map(({ name }) => name);
  if (excerpts.length > 0) {
    say(`only some advisories are known of ${defuse(excerpts.join(', '))}; name more with --advisories`);
  }
  if (coverage.undecided.count > 0) {
    say(`${coverage.undecided.count} advisories have ranges that cannot be compared with the installed version`);
  }
}
