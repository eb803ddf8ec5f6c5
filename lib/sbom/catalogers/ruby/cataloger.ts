import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { gemspecFile } from './parse-gemspec.ts';
import { toGemPackage } from './to-package.ts';

export const rubyCataloger: Cataloger = {
  name: 'ruby',
  kinds: [gemspecFile],
  catalog: (files) => onePerFile(files, gemspecFile, toGemPackage),
};
