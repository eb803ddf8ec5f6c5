import { LadingError } from '../../core/errors.ts';
import { type Html, html } from './html.ts';

/** Time between, as a person says it: `0.31 s`, `4 min`. */
export function formatDuration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`;
}

/** A moment in UTC; the script adds how long ago it was. */
export function moment(iso: string): Html {
  const shown = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)}` : iso;
  return html`<time datetime="${iso}" title="${iso}">${shown}</time>`;
}

/** `sha256:9f86d081884c`, all of it in the tooltip. */
export const shortDigestOf = (digest: string): Html =>
  html`<span class="digest" title="${digest}">${digest.slice(0, digest.indexOf(':') + 13)}</span>`;

/** Digests are hexadecimal and repositories have a grammar, but what a page makes an address of is checked here. */
export function pathParameter(value: string): string {
  if (value.length > 1_000) throw new LadingError('reference-invalid', 'the reference is too long');
  return encodeURIComponent(value);
}
