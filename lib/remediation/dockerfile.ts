import type { Change } from './model.ts';

/**
 * A Dockerfile with the base's digest in place: each `FROM` that names the digest, or the base by its name without one.
 * `undefined` where no line does.
 */
export function bumpDockerfile(
  dockerfile: string,
  change: Extract<Change, { readonly kind: 'newer-base' }>,
): string | undefined {
  let bumped = false;
  const lines = dockerfile.split('\n').map((line) => {
    const parts = /^(\s*FROM\s+(?:--platform=\S+\s+)?)(\S+)(.*)$/i.exec(line);
    if (!parts) return line;
    const [, before = '', reference = '', after = ''] = parts;
    const [name = '', digest] = reference.split('@');
    const isMeant = digest === change.from || (digest === undefined && withoutTag(name) === withoutTag(change.name));
    if (!isMeant) return line;
    bumped = true;
    return `${before}${name}@${change.to}${after}`;
  });
  return bumped ? lines.join('\n') : undefined;
}

const withoutTag = (name: string): string => {
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
};
