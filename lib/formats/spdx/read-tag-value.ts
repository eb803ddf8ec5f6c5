import {
  asserted,
  checkCount,
  definedOnly,
  invalidSpdx,
  MAX_PACKAGES,
  MAX_RELATIONSHIPS,
  MAX_TEXT,
  type ReadSpdx,
  type ReadSpdxPackage,
  readRelationship,
} from './read-model.ts';

const MAX_BYTES = 64 * 1024 * 1024;

interface OpenPackage {
  readonly tags: Map<string, string>;
  readonly checksums: { readonly algorithm: string; readonly value: string }[];
  readonly references: { readonly type: string; readonly locator: string }[];
  readonly annotations: string[];
}

/**
 * Reads an SPDX 2.2 or 2.3 tag-value document from a stranger. A package begins with `PackageName` (specification, annex
 * "Tag:value format"); sections of files and snippets are passed over.
 *
 * @throws LadingError `spdx-invalid`; LimitExceededError
 */
export function readSpdxTagValue(input: string | Uint8Array): ReadSpdx {
  const about = new Map<string, string>();
  const creators: string[] = [];
  const packages: OpenPackage[] = [];
  const describes: string[] = [];
  const dependencies: { from: string; to: string }[] = [];
  const licenses: Map<string, string>[] = [];
  const annotations: { comment?: string; subject?: string }[] = [];
  let section: 'document' | 'package' | 'license' | 'other' = 'document';
  let relationships = 0;

  for (const [tag, value] of tagsOf(input)) {
    const open = packages.at(-1);
    if (tag === 'PackageName') {
      section = 'package';
      packages.push({ tags: new Map([[tag, value]]), checksums: [], references: [], annotations: [] });
      checkCount(packages.length, MAX_PACKAGES, 'packages');
    } else if (tag === 'LicenseID') {
      section = 'license';
      licenses.push(new Map([[tag, value]]));
    } else if (tag === 'FileName' || tag === 'SnippetSPDXID') section = 'other';
    else if (tag === 'Creator') creators.push(value);
    else if (tag === 'Relationship') {
      checkCount(++relationships, MAX_RELATIONSHIPS, 'relationships');
      const [from = '', kind = '', to = ''] = value.split(/\s+/);
      const read = readRelationship(from, kind, to);
      if (read.describes !== undefined) describes.push(read.describes);
      if (read.dependency) dependencies.push(read.dependency);
    } else if (tag === 'Annotator') annotations.push({});
    else if (tag === 'AnnotationComment' || tag === 'SPDXREF') {
      const last = annotations.at(-1);
      if (last) last[tag === 'SPDXREF' ? 'subject' : 'comment'] = value;
    } else if (section === 'package' && open) addToPackage(open, tag, value);
    else if (section === 'license') setOnce(licenses.at(-1) ?? about, tag, value);
    else if (section === 'document') setOnce(about, tag, value);
  }

  const version = about.get('SPDXVersion');
  if (version === undefined || !/^SPDX-2\.[23](?:\.\d)?$/.test(version)) {
    throw invalidSpdx('it does not begin with the tag SPDXVersion: SPDX-2.2 or SPDX-2.3');
  }
  attach(annotations, packages);
  return {
    version,
    ...definedOnly({
      name: about.get('DocumentName'),
      namespace: about.get('DocumentNamespace'),
      created: about.get('Created'),
      comment: about.get('DocumentComment'),
    }),
    creators,
    describes,
    packages: packages.map(toPackage),
    dependencies,
    licenseNames: new Map(
      licenses.map((one) => {
        const id = one.get('LicenseID') ?? '';
        return [id, asserted(one.get('LicenseName')) ?? one.get('ExtractedText') ?? id];
      }),
    ),
  };
}

function attach(
  annotations: readonly { comment?: string; subject?: string }[],
  packages: readonly OpenPackage[],
): void {
  const byId = new Map(packages.map((one) => [one.tags.get('SPDXID'), one]));
  for (const { comment, subject } of annotations) {
    if (comment !== undefined && subject !== undefined) byId.get(subject)?.annotations.push(comment);
  }
}

function addToPackage(open: OpenPackage, tag: string, value: string): void {
  if (tag === 'PackageChecksum') {
    const colon = value.indexOf(':');
    open.checksums.push({ algorithm: value.slice(0, colon).trim(), value: value.slice(colon + 1).trim() });
  } else if (tag === 'ExternalRef') {
    const [, type = '', locator = ''] = value.split(/\s+/);
    open.references.push({ type, locator });
  } else setOnce(open.tags, tag, value);
}

function setOnce(tags: Map<string, string>, tag: string, value: string): void {
  if (!tags.has(tag)) tags.set(tag, value);
}

function toPackage({ tags, checksums, references, annotations }: OpenPackage): ReadSpdxPackage {
  const locators = (type: RegExp) => references.flatMap((one) => (type.test(one.type) ? one.locator : []));
  return {
    id: tags.get('SPDXID') ?? '',
    name: tags.get('PackageName') ?? '',
    ...definedOnly({
      version: tags.get('PackageVersion'),
      purpose: tags.get('PrimaryPackagePurpose'),
      supplier: asserted(tags.get('PackageSupplier')),
      license: asserted(tags.get('PackageLicenseDeclared')) ?? asserted(tags.get('PackageLicenseConcluded')),
      sourceInfo: tags.get('PackageSourceInfo'),
    }),
    checksums,
    purls: locators(/^purl$/),
    cpes: locators(/^cpe2[23]Type$/),
    annotations,
  };
}

/** Tags in their order; a value between `<text>` and `</text>` may have several lines. */
function* tagsOf(input: string | Uint8Array): Generator<readonly [string, string]> {
  const text = decode(input);
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    let end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end);
    const colon = line.indexOf(':');
    if (line.trim() === '' || line.trimStart().startsWith('#')) {
      at = end + 1;
      continue;
    }
    if (colon < 0) throw invalidSpdx(`the line "${line.slice(0, 80)}" has no tag`);
    const tag = line.slice(0, colon).trim();
    const begin = text.slice(at + colon + 1, end).trimStart();
    let value = begin.trim();
    if (begin.startsWith('<text>')) {
      const from = text.indexOf('<text>', at + colon) + 6;
      const to = text.indexOf('</text>', from);
      if (to < 0) throw invalidSpdx(`the text of ${tag.slice(0, 80)} does not end`);
      value = text.slice(from, to);
      const after = text.indexOf('\n', to);
      end = after < 0 ? text.length : after;
    }
    if (value.length > MAX_TEXT) checkCount(value.length, MAX_TEXT, 'characters in one value');
    yield [tag, value];
    at = end + 1;
  }
}

function decode(input: string | Uint8Array): string {
  checkCount(input.length, MAX_BYTES, 'bytes');
  if (typeof input === 'string') return input.replaceAll('\r\n', '\n');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(input).replaceAll('\r\n', '\n');
  } catch {
    throw invalidSpdx('it is not UTF-8');
  }
}
