import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { rockspecFile } from './parse-rockspec.ts';
import { toRockPackage } from './to-package.ts';

export const luaCataloger: Cataloger = {
  name: 'lua',
  kinds: [rockspecFile],
  catalog: (files) => onePerFile(files, rockspecFile, toRockPackage),
};
