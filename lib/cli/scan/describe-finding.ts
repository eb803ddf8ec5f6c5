import { unreachable } from '../../core/errors.ts';
import type { Finding } from '../../vulnerabilities/index.ts';
import type { ReportedFinding } from './scan-target.ts';

/** What to do about a finding, as far as its sources say. */
export function remedyOf({ package: pkg, fixState, fixedVersions }: Finding): string {
  switch (fixState) {
    case 'fixed':
      return `Update ${pkg.name} to ${fixedVersions.join(' or ')}.`;
    case 'not-fixed':
      return 'There is no fixed version yet.';
    case 'wont-fix':
      return 'The maintainer will not fix it.';
    case 'end-of-life':
      return 'The release is no longer maintained: move to a newer one.';
    case 'unknown':
      return 'No fixed version is known.';
    default:
      return unreachable(fixState);
  }
}

/** Name of a package as a purl where there is one. */
export const packageRef = ({ package: pkg }: Finding): string => pkg.purl ?? `${pkg.type}:${pkg.name}@${pkg.version}`;

/** What VEX says, in one line. */
export function vexText({ vex }: ReportedFinding): string | undefined {
  if (vex === undefined) return undefined;
  const why = vex.detail ?? vex.justification?.replaceAll('_', ' ');
  const carried = vex.carriedOver ? ', said of an earlier image' : '';
  return `${vex.status.replaceAll('_', ' ')} (${vex.origin.author}${carried})${why ? `: ${why}` : ''}`;
}
