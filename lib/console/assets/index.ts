import { digestHex, digestOf } from '../../core/digest.ts';
import { icon } from './icon.ts';
import { liveScript } from './live.ts';
import { storageStyle } from './storage-style.ts';
import { styleSheet } from './style.ts';

export interface Asset {
  readonly path: string;
  /** With its digest, so that it can be kept for ever: another content has another address. */
  readonly href: string;
  readonly type: string;
  readonly content: string;
}

const asset = (path: string, type: string, content: string): Asset => ({
  path,
  href: `${path}?v=${digestHex(digestOf(content)).slice(0, 12)}`,
  type,
  content,
});

export const assets = {
  style: asset('/assets/style.css', 'text/css; charset=utf-8', styleSheet + storageStyle),
  script: asset('/assets/live.js', 'text/javascript; charset=utf-8', liveScript),
  icon: asset('/assets/icon.svg', 'image/svg+xml', icon),
} as const;
