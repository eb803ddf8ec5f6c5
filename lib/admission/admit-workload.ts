import { mapLimit } from '../core/concurrency.ts';
import { compileGlobs } from '../core/glob.ts';
import { formatImageReference, type ImageLocation } from '../core/image-reference.ts';
import type { AdmissionConfig } from './config.ts';
import { findImages } from './find-images.ts';
import { type ImageFinding, type JudgePorts, judgeImages } from './judge-images.ts';
import type { AdmissionAnswer, AdmissionRequest, NamedImage, PatchOperation } from './model.ts';
import type { PlaceResolver } from './ports.ts';

const letIn: AdmissionAnswer = { allowed: true, warnings: [], patch: [] };

/**
 * Decides whether a workload may run: every image that it names must have a verdict that stands now. What a tag names
 * is asked of the registry and, where the webhook may change objects, written into the object, so that what was checked
 * is what runs.
 *
 * @param may whether the caller takes changes, which a validating webhook does not; and where its images are to come
 *   from, if it says where it is
 */
export async function admitWorkload(
  ports: JudgePorts & { readonly places?: PlaceResolver },
  request: AdmissionRequest,
  config: AdmissionConfig,
  may: { readonly change: boolean; readonly near?: string },
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
  const { near } = may;
  const places = near === undefined ? undefined : await nearPlaces(ports.places, findings, near);
  const patch = may.change ? rename(found.images, findings, { pin: config.pinDigests, places }) : [];
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

/** By the name as it stands in the workload. What cannot be found goes by its own name: a mirror is no condition. */
async function nearPlaces(
  places: PlaceResolver | undefined,
  findings: ReadonlyMap<string, ImageFinding>,
  near: string,
): Promise<ReadonlyMap<string, ImageLocation>> {
  const found = await mapLimit([...findings.values()], AT_ONCE, async (finding) => {
    if (places === undefined || finding.kind !== 'trusted' || !finding.reference || !finding.digest) return [];
    const { registry, repository } = finding.reference;
    const place = await places.nearest({ registry, repository, digest: finding.digest }, near).catch(() => undefined);
    return place === undefined ? [] : [[finding.image, place] as const];
  });
  return new Map(found.flat());
}

const AT_ONCE = 8;

/**
 * `name:tag` becomes `name:tag@digest`: runtimes go by the digest, and people still see the tag. Where there is a place
 * nearer than the one that is named, the name there stands for it, by digest always: a tag is the source's to tell.
 */
function rename(
  images: readonly NamedImage[],
  findings: ReadonlyMap<string, ImageFinding>,
  how: { readonly pin: boolean; readonly places: ReadonlyMap<string, ImageLocation> | undefined },
): readonly PatchOperation[] {
  return images.flatMap(({ path, image }): PatchOperation[] => {
    const finding = findings.get(image);
    if (finding?.kind !== 'trusted' || finding.reference === undefined || finding.digest === undefined) return [];
    const { reference, digest } = finding;
    const place = how.places?.get(image);
    const moved = place && (place.registry !== reference.registry || place.repository !== reference.repository);
    if (!moved && (!how.pin || reference.digest !== undefined)) return [];
    return [{ op: 'replace', path, value: formatImageReference({ ...reference, ...(moved ? place : {}), digest }) }];
  });
}
