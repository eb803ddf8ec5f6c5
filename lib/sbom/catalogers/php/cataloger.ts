import type { Cataloger } from '../cataloger.ts';
import { manyPerFile, onePerFile } from '../one-per-file.ts';
import { installedJsonFile } from './parse-installed-json.ts';
import { pearRegistryFile } from './parse-pear-registry.ts';
import { toComposerPackage, toPearPackage } from './to-package.ts';

export const phpCataloger: Cataloger = {
  name: 'php',
  kinds: [installedJsonFile, pearRegistryFile],
  catalog: (files) => [
    ...manyPerFile(files, installedJsonFile, toComposerPackage),
    ...onePerFile(files, pearRegistryFile, toPearPackage),
  ],
};
