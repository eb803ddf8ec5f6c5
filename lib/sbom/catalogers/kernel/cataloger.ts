import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { kernelFile } from './parse-kernel.ts';
import { kernelModuleFile } from './parse-module.ts';

const purlOf = (name: string, version: string): string =>
  formatPackageUrl({ type: 'generic', name, ...(version ? { version } : {}) });

/** Kernels and their modules, as in images of virtual machines and of bootable containers. */
export const kernelCataloger: Cataloger = {
  name: 'kernel',
  kinds: [kernelFile, kernelModuleFile],
  catalog: (files) => [
    ...onePerFile(files, kernelFile, ({ name, version }, where) => ({
      type: 'linux-kernel',
      name,
      version,
      purl: purlOf(name, version),
      licenses: ['GPL-2.0-only'],
      ...where,
    })),
    ...onePerFile(files, kernelModuleFile, ({ name, version, license, author, kernel, requires }, where) => ({
      type: 'linux-kernel-module',
      name,
      version,
      purl: purlOf(name, version),
      licenses: license ? [license] : [],
      ...(author ? { supplier: author } : {}),
      ...where,
      provides: [`${kernel} ${name}`],
      requires: requires.map((needed) => [`${kernel} ${needed}`]),
    })),
  ],
};
