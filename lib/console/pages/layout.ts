import { assets } from '../assets/index.ts';
import { type Html, html } from './html.ts';

export interface PageFrame {
  readonly title: string;
  readonly current?: 'images' | 'replication' | 'advisories' | 'storage';
  /** Number of the last event that the page shows: it is kept up to date from there on. */
  readonly liveAfter?: number;
  /** Row id of the image that the page is about; news of it renew the page. */
  readonly about?: string;
}

const links = [
  { key: 'images', href: '/', name: 'Images' },
  { key: 'replication', href: '/replication', name: 'Replication' },
  { key: 'advisories', href: '/advisories', name: 'Advisories' },
  { key: 'storage', href: '/storage', name: 'Storage' },
] as const;

export function layout(frame: PageFrame, body: Html): Html {
  const navigation = links.map(
    ({ key, href, name }) =>
      html`<a href="${href}"${frame.current === key ? html` aria-current="page"` : ''}>${name}</a>`,
  );
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${frame.title} · Lading</title>
  <link rel="icon" href="${assets.icon.href}" type="image/svg+xml">
  <link rel="stylesheet" href="${assets.style.href}">
  <script src="${assets.script.href}" defer></script>
</head>
<body>
<header>
  <a class="brand" href="/"><img src="${assets.icon.href}" alt="" width="26" height="26">Lading</a>
  <nav>${navigation}<a href="/openapi.json">API</a></nav>
  ${frame.liveAfter === undefined ? '' : html`<span class="live" role="status" data-after="${frame.liveAfter}"${frame.about === undefined ? '' : html` data-about="${frame.about}"`}>connecting</span>`}
</header>
<main>${body}</main>
</body>
</html>`;
}
