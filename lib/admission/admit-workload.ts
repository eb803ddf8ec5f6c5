import { compileGlobs } from '../core/glob.ts';
import { formatImageReference } from '../core/image-reference.ts';
import type { AdmissionConfig } from './config.ts';
import { findImages } from './find-images.ts';
import { type ImageFinding, type JudgePorts, judgeImages } from './judge-images.ts';
import type { AdmissionAnswer, AdmissionRequest, NamedImage, PatchOperation } from './model.ts';

const letIn: AdmissionAnswer = { allowed: true, warnings: [], patch: [] };

/**
 * Decides whether a workload may run: every image that it names must have a verdict that stands now. What a tag names
 * is asked of the registry and, where the webhook may change objects, written into the object, so that what was checked
 * is what runs.
 *
 * @param may whether the caller takes changes: a validating webhook does not
 */
export async function admitWorkload(
  ports: JudgePorts,
  request: AdmissionRequest,
  config: AdmissionConfig,
  may: { readonly change: boolean },
): Promise<AdmissionAnswer> {
  const { mode, onFailure } = treatmentOf(request.namespace ?? '', config);
  if (mode === 'off') return letIn;
  const found = findImages(request);
  if (found.kind === 'none') return letIn;
  if (found.kind === 'unreadable') return answer([], { mode, refusals: [found.detail], contact: config.contact });
  const findings = await judgeImages(
    ports,
    found.images.map(({ image }) => image),
    config,
  );
  const refusals: string[] = [];
  const warnings: string[] = [];
  for (const finding of findings.values()) {
    if (finding.kind === 'distrusted') refusals.push(`${clip(finding.image)}: ${finding.detail} (${finding.reason})`);
    if (finding.kind !== 'failed') continue;
    const text = `${clip(finding.image)} could not be checked: ${finding.detail}`;
    if (onFailure === 'deny') refusals.push(text);
    else warnings.push(text);
  }
  const patch = may.change && config.pinDigests ? pin(found.images, findings) : [];
  return answer(patch, { mode, refusals, warnings, contact: config.contact });
}

/** The first rule for the namespace, over what holds everywhere. */
export function treatmentOf(
  namespace: string,
  config: Pick<AdmissionConfig, 'mode' | 'onFailure' | 'namespaces'>,
): Pick<AdmissionConfig, 'mode' | 'onFailure'> {
  const rule = config.namespaces.find(({ match }) => compileGlobs(match)(namespace));
  return { mode: rule?.mode ?? config.mode, onFailure: rule?.onFailure ?? config.onFailure };
}

interface Outcome {
  readonly mode: 'enforce' | 'warn';
  readonly refusals: readonly string[];
  readonly warnings?: readonly string[];
  readonly contact: string | undefined;
}

function answer(patch: readonly PatchOperation[], outcome: Outcome): AdmissionAnswer {
  const { mode, refusals, warnings = [], contact } = outcome;
  if (refusals.length === 0) return { allowed: true, warnings: warnings.map(clipWarning), patch };
  if (mode === 'warn') return { allowed: true, warnings: [...refusals, ...warnings].map(clipWarning), patch };
  const whom = contact === undefined ? '' : ` (${contact})`;
  const more = refusals.length > NAMED ? ` and ${refusals.length - NAMED} more` : '';
  const message = `Lading does not trust ${refusals.slice(0, NAMED).join('; ')}${more}${whom}`;
  return { allowed: false, message, warnings: warnings.map(clipWarning), patch: [] };
}

const NAMED = 10;

/** Kubernetes cuts warnings of over 256 characters, and all together at 4,096 ("Extensible admission controllers"). */
const clipWarning = (text: string): string => (text.length <= 256 ? text : `${text.slice(0, 253)}...`);
const clip = (image: string): string => (image.length <= 300 ? image : `${image.slice(0, 297)}...`);

/** `name:tag` becomes `name:tag@digest`: runtimes go by the digest, and people still see the tag. */
function pin(images: readonly NamedImage[], findings: ReadonlyMap<string, ImageFinding>): readonly PatchOperation[] {
  return images.flatMap(({ path, image }): PatchOperation[] => {
    const finding = findings.get(image);
    if (finding?.kind !== 'trusted' || finding.reference === undefined || finding.digest === undefined) return [];
    if (finding.reference.digest !== undefined) return [];
    return [{ op: 'replace', path, value: formatImageReference({ ...finding.reference, digest: finding.digest }) }];
  });
}
