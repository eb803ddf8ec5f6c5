import { installedFile } from '../apk/parse-installed.ts';
import type { ImageFiles } from '../cataloger.ts';
import { dpkgFileList } from '../dpkg/parse-file-list.ts';
import { rpmDatabaseFile } from '../rpm/parse-database.ts';
import { rpmManifestFile } from '../rpm/parse-manifest.ts';

/** Since the merge of `/usr`, lists name files in `bin` that are in `usr/bin`. */
const place = (path: string): string => path.replace(/^usr\//, '');

/** Where only packages of the distribution put files (Filesystem Hierarchy Standard 3.0, sections 3 and 4). */
const OF_DISTRIBUTION = /^(?:usr\/)?(?:s?bin|lib(?:exec|32|64)?)\//;

/**
 * Tells which files of an image are a package's of its distribution. The package says what they are, with the version
 * that its fixes are published for; reporting the program beside it would report its advisories twice, and wrongly.
 */
export function ownedFiles(files: ImageFiles): (path: string) => boolean {
  const owned = new Set<string>();
  for (const { content } of files.ofKind(dpkgFileList)) for (const path of content) owned.add(place(path));
  for (const { content } of files.ofKind(installedFile)) {
    for (const { files: ofPackage = [] } of content) for (const path of ofPackage) owned.add(place(path));
  }
  // Records of RPM databases have no lists of files.
  const byRpm = [rpmDatabaseFile, rpmManifestFile].some((kind) => files.ofKind(kind).length > 0);
  return (path) => owned.has(place(path)) || (byRpm && OF_DISTRIBUTION.test(path));
}
