import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where this user's caches are (XDG Base Directory Specification: a relative path is to be ignored). */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment.XDG_CACHE_HOME;
  return join(given && isAbsolute(given) ? given : join(homedir(), '.cache'), 'lading');
}
