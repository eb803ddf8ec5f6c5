import { type Cataloger, firstLayerFinder } from '../cataloger.ts';
import { depsJsonFile, type NugetRecord } from './parse-deps-json.ts';
import { packagesLockFile } from './parse-packages-lock.ts';
import { toNugetPackage } from './to-package.ts';

const keyOf = ({ name, version }: NugetRecord): string => `${name}/${version}`;

export const dotnetCataloger: Cataloger = {
  name: 'dotnet',
  kinds: [depsJsonFile, packagesLockFile],
  catalog: (files) =>
    [...files.ofKind(depsJsonFile), ...files.ofKind(packagesLockFile)].flatMap((file) => {
      const firstLayer = firstLayerFinder(file, (records) => records.map(keyOf));
      const locations = [{ path: file.path, layer: file.layer }];
      // Programs use other versions of the same package: names hold within one file.
      const named = (key: string): string => `${file.path}\0${key}`;
      return file.content.map((record) => ({
        ...toNugetPackage(record, { layer: firstLayer(keyOf(record)), locations }),
        provides: [named(keyOf(record))],
        requires: record.requires.map((key) => [named(key)]),
      }));
    }),
};
