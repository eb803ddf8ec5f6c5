import { type Cataloger, firstLayerFinder } from '../cataloger.ts';
import { dpkgFileList } from '../dpkg/parse-file-list.ts';
import type { ExecutableContent } from '../executable/executable-content.ts';
import { executableFile } from '../executable/executable-file.ts';
import { jvmReleaseFile } from '../jvm/parse-release.ts';
import type { Identified } from './classify-binary.ts';
import { ownedFiles } from './owned-files.ts';
import { toBinaryPackage } from './to-package.ts';
import { toWindowsPackage, type WindowsProgram } from './windows-program.ts';

const keyOf = ({ purl, version }: Identified): string => `${purl} ${version}`;
const windowsKey = ({ name, version }: WindowsProgram): string => `windows ${name} ${version}`;
const keysOf = ({ binary = [], windows = [] }: ExecutableContent): string[] => [
  ...binary.map(keyOf),
  ...windows.map(windowsKey),
];

/** Well-known programs, and those for Windows, that no package manager put there. */
export const binaryCataloger: Cataloger = {
  name: 'binary',
  kinds: [executableFile, dpkgFileList],
  catalog: (files) => {
    const isOwned = ownedFiles(files);
    const runtimes = new Set(files.ofKind(jvmReleaseFile).map(({ path }) => path.replace(/release$/, 'bin/java')));
    return files.ofKind(executableFile).flatMap((file) => {
      const { binary: identified = [], windows = [] } = file.content;
      if (identified.length + windows.length === 0 || isOwned(file.path) || runtimes.has(file.path)) return [];
      const firstLayer = firstLayerFinder(file, keysOf);
      const locations = [{ path: file.path, layer: file.layer }];
      return [
        ...identified.flatMap((one) => toBinaryPackage(one, { layer: firstLayer(keyOf(one)), locations }) ?? []),
        ...windows.map((one) => toWindowsPackage(one, { layer: firstLayer(windowsKey(one)), locations })),
      ];
    });
  },
};
