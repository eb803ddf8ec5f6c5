import { RE2JS } from 're2js';
import { isRepositoryName } from '../core/image-reference.ts';
import type { RuleTarget } from './config.ts';

type Naming = Pick<RuleTarget, 'namespaces' | 'rename' | 'prefix'>;

/** What a repository is called at a target; `undefined` where the rule makes no name of it that a registry takes. */
export function targetName({ namespaces, rename, prefix }: Naming, repository: string): string | undefined {
  const mapped = namespaces === undefined ? repository : mapNamespace(namespaces, repository);
  const renamed = rename === undefined ? mapped : renameWhole(rename, mapped);
  const name = `${prefix}${renamed}`;
  return isRepositoryName(name) ? name : undefined;
}

/** Whole parts only: `team` is no leading part of `teams/app`. An empty mapping drops the part. */
function mapNamespace(namespaces: Readonly<Record<string, string>>, repository: string): string {
  const fitting = Object.keys(namespaces).filter((name) => repository === name || repository.startsWith(`${name}/`));
  const [longest] = fitting.sort((a, b) => b.length - a.length);
  if (longest === undefined) return repository;
  const rest = repository.slice(longest.length);
  const to = namespaces[longest] ?? '';
  return to === '' ? rest.replace(/^\//, '') : `${to}${rest}`;
}

const compiled = new Map<string, RE2JS>();

function renameWhole({ pattern, to }: NonNullable<Naming['rename']>, repository: string): string {
  const known = compiled.get(pattern) ?? RE2JS.compile(pattern);
  compiled.set(pattern, known);
  const matcher = known.matcher(repository);
  if (!matcher.matches()) return repository;
  return to.replace(/\$(\d)/g, (_, group: string) =>
    Number(group) <= matcher.groupCount() ? (matcher.group(Number(group)) ?? '') : '',
  );
}
