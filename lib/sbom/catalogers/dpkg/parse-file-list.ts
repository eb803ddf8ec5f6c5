import { z } from 'zod';
import { isClaimedName } from '../binary/classifiers.ts';
import type { FileKind } from '../cataloger.ts';

/**
 * The files of one package, of which those are kept that have the names of well-known programs: `info/NAME.list` of dpkg,
 * and `status.d/NAME.md5sums` of images without dpkg, where each path follows a checksum.
 */
export const dpkgFileList: FileKind<string[]> = {
  id: 'dpkg-file-list',
  version: 3,
  match: {
    extensions: ['list', 'md5sums'],
    accepts: (path) => /(?:^|\/)lib\/dpkg\/(?:info\/[^/]+\.list|status\.d\/[^/]+\.md5sums)$/.test(path),
  },
  maxBytes: 16 * 1024 ** 2,
  importance: 'file',
  parse: (content) => {
    const owned: string[] = [];
    for (const line of content.toString('utf8').split('\n')) {
      const path = line.replace(/^[0-9a-f]{32} {2}/, '').replace(/^\/+/, '');
      if (path !== '' && isClaimedName(path)) owned.push(path);
    }
    return owned.length > 0 ? owned : undefined;
  },
  schema: () => z.array(z.string()),
};
