import type { FileKind } from '../cataloger.ts';
import { type DpkgRecord, statusFile } from '../dpkg/parse-status.ts';

/** opkg (OpenWrt, Yocto) took dpkg's format: one `status` for all, and a `.control` for each package in `info`. */
export const opkgStatusFile: FileKind<DpkgRecord[]> = {
  id: 'opkg-status',
  version: 1,
  match: {
    names: ['status'],
    extensions: ['control'],
    accepts: (path) => /(?:^|\/)lib\/opkg\/(?:status|info\/[^/]+\.control)$/.test(path),
  },
  maxBytes: 32 * 1024 * 1024,
  importance: 'database',
  parse: (content, path) => statusFile.parse(content, path),
  schema: statusFile.schema,
};
