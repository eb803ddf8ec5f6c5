import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { type ListedPackage, listPackages, readSbomPackages, type SbomOutcome } from '../../sbom/index.ts';
import { fromCaller } from '../connection.ts';
import { makeSbom, type SbomWish } from '../sbom/make-sbom.ts';

/** What is to be scanned: the packages of an image, or of somebody's SBOM. */
export interface ScanTarget {
  readonly name: string;
  /** Digest of the image, where it is known. */
  readonly image?: string;
  /** Where the image is, when it was read from a registry. */
  readonly registry?: string;
  readonly repository?: string;
  readonly platform?: string;
  readonly packages: readonly ListedPackage[];
  /** `undefined` where the SBOM does not say whether it is whole. */
  readonly outcome: SbomOutcome | undefined;
  readonly gaps: readonly { readonly code: string; readonly message: string; readonly path?: string | undefined }[];
  readonly remarks: readonly string[];
  /** The SBOM as CycloneDX JSON, where there is one. */
  readonly cycloneDx?: string;
}

const MAX_SBOM_BYTES = 64 * 1024 * 1024;

/**
 * Reads a file as an SBOM (CycloneDX JSON or the native form; `-` is standard input), anything else as an image.
 *
 * @throws LadingError `sbom-invalid`, `source-invalid` and those of `makeSbom`
 */
export async function readTarget(text: string, wish: SbomWish): Promise<ScanTarget> {
  const path = fromCaller(text);
  if (text === '-') return readSbom(text, await readAll(process.stdin));
  if (existsSync(path)) {
    if (statSync(path).isFile()) return readSbom(text, await readCapped(path));
    const hint = existsSync(join(path, 'index.json')) ? `write it as oci:${text}` : undefined;
    throw new LadingError('source-invalid', `${text} is a folder`, hint ? { hint } : {});
  }
  const { image, sbom, cycloneDx, remarks } = await makeSbom(text, wish);
  return {
    name: text,
    image: sbom.image,
    ...image.name,
    ...(sbom.platform ? { platform: sbom.platform } : {}),
    packages: listPackages(sbom).map(withAbsolutePaths),
    outcome: sbom.outcome,
    gaps: sbom.gaps,
    remarks,
    ...(cycloneDx === undefined ? {} : { cycloneDx }),
  };
}

/** As in CycloneDX documents, so that an image and its SBOM, in whatever form, give the same findings. */
const withAbsolutePaths = (one: ListedPackage): ListedPackage => ({
  ...one,
  locations: one.locations?.map((path) => (path.startsWith('/') ? path : `/${path}`)),
});

async function readCapped(path: string): Promise<Uint8Array> {
  if (statSync(path).size > MAX_SBOM_BYTES) throw tooLarge();
  return readFile(path);
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > MAX_SBOM_BYTES) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const tooLarge = () => new LimitExceededError('sbom-bytes', `the SBOM is over ${MAX_SBOM_BYTES} bytes`);

/** Documents in another syntax say nothing that is looked for here. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const outcomes = z.enum(['complete', 'limit-exceeded', 'unreadable']);
const aboutSchema = z.object({
  bomFormat: z.literal('CycloneDX').optional(),
  /** The native form. */
  outcome: outcomes.optional(),
  image: z.string().optional(),
  platform: z.string().optional(),
  /** CycloneDX; what is ours tells the outcome as a property. */
  metadata: z
    .object({
      component: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
      properties: z.array(z.object({ name: z.string(), value: z.string().optional() })).optional(),
    })
    .optional(),
});

function readSbom(name: string, document: Uint8Array): ScanTarget {
  const packages = readSbomPackages(document);
  // Its syntax was just found good; what it says of itself is a help, and anything else in its place is nothing.
  const text = Buffer.from(document).toString('utf8');
  const about = aboutSchema.safeParse(parseJson(text)).data;
  const said = about?.metadata?.properties?.find((property) => property.name === 'lading:sbom:outcome')?.value;
  const outcome = about?.outcome ?? outcomes.safeParse(said).data;
  const image = about?.image ?? about?.metadata?.component?.version;
  return {
    name,
    ...(image ? { image } : {}),
    ...(about?.platform ? { platform: about.platform } : {}),
    packages: packages.map(withAbsolutePaths),
    outcome,
    gaps: [],
    remarks: [],
    ...(about?.bomFormat ? { cycloneDx: text } : {}),
  };
}
