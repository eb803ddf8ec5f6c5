import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { readBomJson, readBomXml } from '../../formats/cyclonedx/index.ts';
import { readSpdx3, readSpdxJson, readSpdxTagValue } from '../../formats/spdx/index.ts';
import { readSyftJson } from '../../formats/syft/index.ts';
import { listBom } from '../from-cyclonedx.ts';
import { listSbom } from '../list-packages.ts';
import type { ListedPackage, ListedSbom } from '../listed-sbom.ts';
import { sbomSchema } from '../model.ts';
import { fromSpdx } from './from-spdx.ts';
import { fromSyft } from './from-syft.ts';

/**
 * Reads an SBOM of a stranger in any of the forms that are read here: CycloneDX JSON and XML, SPDX 2.2 and 2.3 as JSON
 * and tag-value, SPDX 3.0 JSON-LD, Syft's JSON, our native form; also inside of an in-toto statement. The form is told
 * from the document itself: media types and file names are what somebody says.
 *
 * @throws LadingError `sbom-invalid`, `json-invalid`, `xml-invalid`, `cyclonedx-invalid`, `spdx-invalid`, `syft-invalid`;
 *   LimitExceededError
 */
export function readSbom(document: string | Uint8Array): ListedSbom {
  const begin = beginOf(document);
  if (begin.startsWith('<')) return { ...listBom(readBomXml(document)), format: 'cyclonedx-xml' };
  if (/^(?:#[^\n]*\n\s*)*SPDXVersion\s*:/.test(begin)) {
    return { ...fromSpdx(readSpdxTagValue(document)), format: 'spdx-tag-value' };
  }
  return readSbomJson(parseJsonStrict(document, { what: 'the SBOM' }));
}

/** The packages alone. @throws as `readSbom` */
export const readSbomPackages = (document: Uint8Array): readonly ListedPackage[] => readSbom(document).packages;

const SNIFFED = 4096;
const beginOf = (document: string | Uint8Array): string =>
  (typeof document === 'string'
    ? document.slice(0, SNIFFED)
    : Buffer.from(document.buffer, document.byteOffset, Math.min(document.length, SNIFFED)).toString('utf8')
  )
    .replace(/^\u{feff}/u, '')
    .trimStart();

const sniffedSchema = z.object({
  bomFormat: z.string().optional(),
  spdxVersion: z.string().optional(),
  '@context': z.unknown().optional(),
  artifacts: z.unknown().optional(),
  descriptor: z.unknown().optional(),
  image: z.unknown().optional(),
  _type: z.string().optional(),
  predicate: z.unknown().optional(),
  sbom: z.unknown().optional(),
});

/** @param json as `parseJsonStrict` read it */
export function readSbomJson(json: unknown): ListedSbom {
  for (let value = json, depth = 0; depth < 3; depth++) {
    const sniffed = sniffedSchema.safeParse(value);
    if (!sniffed.success) break;
    const { bomFormat, spdxVersion, '@context': context, artifacts, descriptor, image, ...wrapped } = sniffed.data;
    if (bomFormat !== undefined) return { ...listBom(readBomJson(value)), format: 'cyclonedx-json' };
    if (spdxVersion !== undefined) return { ...fromSpdx(readSpdxJson(value)), format: 'spdx-json' };
    if (context !== undefined) return { ...fromSpdx(readSpdx3(value)), format: 'spdx-json' };
    if (artifacts !== undefined && descriptor !== undefined)
      return { ...fromSyft(readSyftJson(value)), format: 'syft-json' };
    if (image !== undefined) return readNative(value);
    value = unwrap(wrapped);
  }
  throw new LadingError('sbom-invalid', 'the SBOM is in no form that is read here', {
    hint: 'CycloneDX (JSON, XML), SPDX (JSON, tag-value), the JSON of Syft and of "lading sbom -o native" are',
  });
}

/**
 * The predicate of an in-toto statement, which cosign once wrote as text or within `Data`; what GitHub's API puts an
 * SBOM into.
 */
function unwrap({
  _type,
  predicate,
  sbom,
}: {
  _type?: string | undefined;
  predicate?: unknown;
  sbom?: unknown;
}): unknown {
  if (_type === undefined || !/^https:\/\/in-toto\.io\/Statement\//.test(_type)) return sbom;
  const inner = z.object({ Data: z.unknown() }).safeParse(predicate).data?.Data ?? predicate;
  return typeof inner === 'string' ? parseJsonStrict(inner, { what: 'the SBOM in the attestation' }) : inner;
}

function readNative(value: unknown): ListedSbom {
  const parsed = sbomSchema.safeParse(value);
  if (parsed.success) return listSbom(parsed.data);
  throw new LadingError(
    'sbom-invalid',
    `the SBOM is in no form that is read here: ${z.prettifyError(parsed.error).slice(0, 500)}`,
  );
}
