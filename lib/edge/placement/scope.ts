import { compileGlobs } from '../../core/glob.ts';
import type { SiteScope } from '../model.ts';

/** Whether a site may get anything of a repository. */
export function inScope({ repositories, otherRepositories }: SiteScope): (repository: string) => boolean {
  const isIn = compileGlobs(repositories);
  const isOut = otherRepositories === undefined ? () => false : compileGlobs(otherRepositories);
  return (repository) => isIn(repository) && !isOut(repository);
}
