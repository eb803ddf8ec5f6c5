import { LadingError } from '../../core/errors.ts';
import { writeBom, writeBomXml } from '../../formats/cyclonedx/index.ts';
import { writeSpdx3, writeSpdxJson, writeSpdxTagValue } from '../../formats/spdx/index.ts';
import type { Sbom } from '../model.ts';
import type { SubjectOptions } from '../subject.ts';
import { toBom } from '../to-cyclonedx.ts';
import { toSpdx } from './to-spdx.ts';

/** The forms that an SBOM is written in. */
export const sbomFormats = ['cyclonedx-json', 'cyclonedx-xml', 'spdx-json', 'spdx-tag-value', 'native'] as const;
export type SbomFormat = (typeof sbomFormats)[number];

/** A form with the version of its specification. */
export interface SbomForm {
  readonly format: SbomFormat;
  readonly version: string;
}

interface Writer {
  /** The first one is meant where none is named. */
  readonly versions: readonly string[];
  readonly mediaType: string;
  /** The in-toto predicate that such a document is (in-toto/attestation, spec/predicates); the native form has none. */
  readonly predicateType?: string;
  readonly extension: string;
  write(sbom: Sbom, options: SubjectOptions, version: string): string;
}

const bomVersion = (version: string): '1.6' | '1.7' => (version === '1.7' ? '1.7' : '1.6');

const writers: Readonly<Record<SbomFormat, Writer>> = {
  'cyclonedx-json': {
    versions: ['1.6', '1.7'],
    mediaType: 'application/vnd.cyclonedx+json',
    predicateType: 'https://cyclonedx.org/bom',
    extension: 'cdx.json',
    write: (sbom, options, version) => writeBom(toBom(sbom, options), bomVersion(version)),
  },
  'cyclonedx-xml': {
    versions: ['1.6', '1.7'],
    mediaType: 'application/vnd.cyclonedx+xml',
    extension: 'cdx.xml',
    write: (sbom, options, version) => writeBomXml(toBom(sbom, options), bomVersion(version)),
  },
  'spdx-json': {
    versions: ['2.3', '3.0'],
    mediaType: 'application/spdx+json',
    predicateType: 'https://spdx.dev/Document',
    extension: 'spdx.json',
    write: (sbom, options, version) =>
      version === '3.0' ? writeSpdx3(toSpdx(sbom, options)) : writeSpdxJson(toSpdx(sbom, options)),
  },
  'spdx-tag-value': {
    versions: ['2.3'],
    mediaType: 'text/spdx',
    extension: 'spdx',
    write: (sbom, options) => writeSpdxTagValue(toSpdx(sbom, options)),
  },
  native: {
    versions: ['1'],
    mediaType: 'application/vnd.lading.sbom.v1+json',
    extension: 'lading.json',
    write: (sbom) => JSON.stringify(sbom),
  },
};

/**
 * Reads `cyclonedx-json`, `cyclonedx-json@1.7`, `spdx-json@3.0`.
 *
 * @throws LadingError `form-invalid`
 */
export function parseSbomForm(text: string): SbomForm {
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const format = sbomFormats.find((one) => one === name);
  if (format === undefined) {
    throw new LadingError('form-invalid', `"${text.slice(0, 80)}" is no form that SBOMs are written in`, {
      hint: `these are: ${sbomFormats.join(', ')}`,
    });
  }
  const { versions } = writers[format];
  // 3.0.1 is written as 3.0: a patch of a specification changes no meaning.
  const asked = at < 0 ? versions[0] : text.slice(at + 1);
  const version = versions.find((one) => asked === one || asked?.startsWith(`${one}.`));
  if (version !== undefined) return { format, version };
  throw new LadingError('form-invalid', `${format} is not written in version ${asked?.slice(0, 20)}`, {
    hint: `the versions are: ${versions.join(', ')}`,
  });
}

/** What a document of the form is called by others. */
export function describeForm({ format, version }: SbomForm): {
  readonly mediaType: string;
  readonly extension: string;
  readonly predicateType?: string;
} {
  const { mediaType, extension, predicateType } = writers[format];
  const versioned = format.startsWith('cyclonedx') ? `${mediaType}; version=${version}` : mediaType;
  return { mediaType: versioned, extension, ...(predicateType === undefined ? {} : { predicateType }) };
}

/** Writes an SBOM in a form. The same SBOM and options give the same bytes. */
export const writeSbom = (sbom: Sbom, { format, version }: SbomForm, options: SubjectOptions): string =>
  writers[format].write(sbom, options, version);
