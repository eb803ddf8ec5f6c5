import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    /** As written; compare normalised. */
    name: z.string(),
    version: z.string(),
    licenses: z.array(z.string()),
    author: z.string().optional(),
    /** Names of what it needs without extras, as written. */
    requires: z.array(z.string()),
  }),
);
export type PythonRecord = z.infer<ReturnType<typeof schema>>;

/**
 * What an installed distribution says of itself: `METADATA` of a `.dist-info` (wheels), `PKG-INFO` of an `.egg-info` or
 * `EGG-INFO` (eggs), or an `.egg-info` that is itself the file (distutils).
 */
export const pythonMetadataFile: FileKind<PythonRecord> = {
  id: 'python-metadata',
  version: 2,
  match: {
    names: ['METADATA', 'PKG-INFO'],
    extensions: ['egg-info'],
    accepts: (path) => /dist-info\/METADATA$|egg-info\/PKG-INFO$|\.egg-info$/i.test(path),
  },
  maxBytes: 8 * 1024 * 1024,
  importance: 'file',
  parse: (content) => parseMetadata(content.toString('utf8')),
  schema,
};

const MAX_FIELDS = 10_000;
/** A longer text is the licence itself, which older tools put into the field. */
const MAX_LICENSE = 200;

/** Python's core metadata ("Core metadata specifications"): fields as of a mail, ended by an empty line. */
function parseMetadata(text: string): PythonRecord | undefined {
  const fields = readFields(text);
  const one = (key: string): string => fields.get(key)?.at(-1)?.trim() ?? '';
  const name = one('name');
  const version = one('version');
  // Python itself has such a file in some distributions, and is no package of its own.
  if (name === '' || name === 'Python') return undefined;
  const author = one('author') || one('author-email') || one('maintainer');
  return {
    name,
    version,
    licenses: licensesOf(one('license-expression'), one('license'), fields.get('classifier') ?? []),
    ...(author && author !== 'UNKNOWN' ? { author } : {}),
    requires: requirementNames(fields.get('requires-dist') ?? []),
  };
}

function readFields(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  let count = 0;
  let values: string[] | undefined;
  for (let at = 0; at < text.length && count < MAX_FIELDS; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, end).replace(/\r$/, '');
    at = end + 1;
    if (line === '') {
      if (fields.size > 0) break;
    } else if (/^\s/.test(line)) {
      // Long values (descriptions) are not needed, and joining them line by line would be slow.
      const last = values?.at(-1);
      if (values && last !== undefined && last.length < 4096) values[values.length - 1] = `${last}\n${line.trim()}`;
    } else {
      const colon = line.indexOf(':');
      if (colon <= 0) continue;
      const key = line.slice(0, colon).trim().toLowerCase();
      values = fields.get(key) ?? [];
      values.push(line.slice(colon + 1).trim());
      fields.set(key, values);
      count++;
    }
  }
  return fields;
}

function licensesOf(expression: string, license: string, classifiers: readonly string[]): string[] {
  if (expression !== '') return [expression];
  if (license !== '' && license !== 'UNKNOWN' && license.length <= MAX_LICENSE && !license.includes('\n')) {
    return [license];
  }
  const prefix = 'License :: ';
  return classifiers
    .filter((one) => one.startsWith(prefix))
    .map((one) => one.slice(one.lastIndexOf(' :: ') + 4))
    .filter((one) => one !== 'OSI Approved');
}

/** `requests[socks] (>=2.0) ; python_version < "3"`: the name; those of an extra are needed only where it was asked for. */
function requirementNames(requirements: readonly string[]): string[] {
  const names = new Set<string>();
  for (const requirement of requirements) {
    const [what = '', marker = ''] = requirement.split(';', 2);
    const name = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)/.exec(what)?.[1];
    if (name && !/\bextra\s*==/.test(marker)) names.add(name);
  }
  return [...names];
}
