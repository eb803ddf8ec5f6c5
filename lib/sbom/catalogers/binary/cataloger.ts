import { type Cataloger, firstLayerFinder } from '../cataloger.ts';
import { dpkgFileList } from '../dpkg/parse-file-list.ts';
import type { ExecutableContent } from '../executable/executable-content.ts';
import { executableFile } from '../executable/executable-file.ts';
import { jvmReleaseFile } from '../jvm/parse-release.ts';
import type { Identified } from './classify-binary.ts';
import { ownedFiles } from './owned-files.ts';
import { toBinaryPackage } from './to-package.ts';

const keyOf = ({ purl, version }: Identified): string => `${purl} ${version}`;
const keysOf = (content: ExecutableContent): string[] => (content.binary ?? []).map(keyOf);

/** Well-known programs that no package manager put there. */
export const binaryCataloger: Cataloger = {
  name: 'binary',
  kinds: [executableFile, dpkgFileList],
  catalog: (files) => {
    const isOwned = ownedFiles(files);
    const runtimes = new Set(files.ofKind(jvmReleaseFile).map(({ path }) => path.replace(/release$/, 'bin/java')));
    return files.ofKind(executableFile).flatMap((file) => {
      const identified = file.content.binary ?? [];
      if (identified.length === 0 || isOwned(file.path) || runtimes.has(file.path)) return [];
      const firstLayer = firstLayerFinder(file, keysOf);
      const locations = [{ path: file.path, layer: file.layer }];
      return identified.flatMap((one) => toBinaryPackage(one, { layer: firstLayer(keyOf(one)), locations }) ?? []);
    });
  },
};
