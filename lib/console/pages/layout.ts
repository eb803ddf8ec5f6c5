import { html } from 'hono/html';

/** What the templates give: escaped HTML. Everything that is put into one is escaped unless it is one itself. */
export type Html = ReturnType<typeof html>;

export function layout(title: string, body: Html, options: { readonly liveAfter?: number } = {}): Html {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="stylesheet" href="/assets/style.css">
  <script src="/assets/live.js" defer></script>
</head>
<body>
<header>
  <h1><a href="/">Lading</a></h1>
  <p>container images, from push to signed</p>
  ${options.liveAfter === undefined ? '' : html`<span class="live" data-after="${options.liveAfter}">connecting</span>`}
</header>
<main>${body}</main>
</body>
</html>`;
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `28.1 MiB` */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
