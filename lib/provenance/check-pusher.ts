import { compileGlobs } from '../core/glob.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { CiIssuer } from './config.ts';
import type { PusherCheck } from './model.ts';

/** The build as the check needs it; out of the identity that its platform signed. */
export interface PushingBuild {
  readonly kind: CiIssuer['kind'];
  readonly issuer: string;
  /** As whom builds of its repository push, where the configuration says so: globs over what the registry calls people. */
  readonly pushers?: readonly string[] | undefined;
  /** On whose behalf the platform ran it: GitHub's claim `actor`, GitLab's `user_login`. */
  readonly actor?: string | undefined;
}

/**
 * Whether who pushed an image is who built it: the configured identities where there are any; else, in the platform's own
 * registry, the person on whose behalf the job ran, since a job's token acts for that person there. What cannot be told is
 * `unknown`, with the reason, and never a guess.
 *
 * @param pusher as the registry names who pushed; `undefined` where it did not say
 */
export function checkPusher(
  image: Pick<ImageLocation, 'registry'>,
  build: PushingBuild,
  pusher: string | undefined,
): PusherCheck {
  const unknown = (why: string): PusherCheck => ({ answer: 'unknown', reason: `pusher unknown: ${why}` });
  if (pusher === undefined) return unknown(`${image.registry} did not say who pushed`);
  const shown = pusher.slice(0, 200);
  const { pushers, actor, kind } = build;
  if (pushers !== undefined) {
    return compileGlobs(pushers)(pusher)
      ? { answer: 'yes', reason: `pushed by its builder: ${shown} is configured for it` }
      : { answer: 'no', reason: `pushed by ${shown}, who is not configured as its builder` };
  }
  if (!isOwnRegistry(image.registry, build)) {
    return unknown(`nothing says whether builds push as ${shown} (provenance.issuers[].allow[].pushers)`);
  }
  if (SHARED.has(pusher)) return unknown(`${shown} pushes for every repository of ${kind}`);
  if (actor === undefined) return unknown('the identity of the build names nobody on whose behalf it ran');
  // Both platforms take names for the same whatever their case.
  return pusher.toLowerCase() === actor.toLowerCase()
    ? { answer: 'yes', reason: `pushed by its builder: the build ran on behalf of ${shown}` }
    : { answer: 'no', reason: `pushed by ${shown}, and built on behalf of ${actor.slice(0, 200)}` };
}

/** Whom registries name for jobs of all repositories alike. */
const SHARED: ReadonlySet<string> = new Set(['github-actions[bot]', 'github-actions', 'gitlab-ci-token']);

function isOwnRegistry(registry: string, { kind, issuer }: PushingBuild): boolean {
  const { hostname } = new URL(issuer);
  if (kind === 'github') return registry === 'ghcr.io' && hostname === 'token.actions.githubusercontent.com';
  const [host = ''] = registry.split(':');
  return host === hostname || host.endsWith(`.${hostname}`);
}
