import { SemVer } from 'semver';

const versionTag =
  /^v?(\d{1,15})\.(\d{1,15})(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]{1,100}))?(?:[+_]([0-9A-Za-z.-]{1,100}))?$/;

/**
 * The semantic version that a tag tells, if any: `1.4.2`, `v1.4`, `1.4.2-rc.1`, `1.4.2_build` (a tag cannot hold the
 * `+`). A missing patch number is 0.
 */
export function tagVersion(tag: string): SemVer | undefined {
  const parts = versionTag.exec(tag);
  if (!parts) return undefined;
  const [, major, minor, patch = '0', pre] = parts;
  try {
    return new SemVer(`${Number(major)}.${Number(minor)}.${Number(patch)}${pre === undefined ? '' : `-${pre}`}`);
  } catch {
    return undefined;
  }
}

export type TagClass = 'version' | 'pre-release' | 'date' | 'commit' | 'word';

const dateTag = /^(?:.*[-_.])?(?:19|20)\d{2}[-.]?(?:0[1-9]|1[0-2])[-.]?(?:0[1-9]|[12]\d|3[01])(?:[-_.T].*)?$/;
const commitTag = /^(?:(?:git|sha|commit)[-.]?)?[0-9a-f]{7,64}$/;

export function tagClass(tag: string): TagClass {
  const version = tagVersion(tag);
  if (version) return version.prerelease.length > 0 ? 'pre-release' : 'version';
  if (tag.length <= 128 && dateTag.test(tag)) return 'date';
  return commitTag.test(tag) && /\d/.test(tag) ? 'commit' : 'word';
}
