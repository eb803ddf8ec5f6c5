import type { Context } from 'hono';
import { isLadingError } from '../core/errors.ts';
import { parseLocationKey } from '../core/image-reference.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import { numberOf, overviewOf, standsAlone } from './find.ts';
import { html, textOf } from './pages/html.ts';
import { imageRow, rowId } from './pages/image-row.ts';
import { activityLine } from './pages/images-page.ts';
import type { Activity, ConsolePorts } from './ports.ts';

/** Events in one answer at most. */
const PAGE = 50;
/** How soon the browser asks again when an answer has ended, in milliseconds. */
const RETRY_MS = 1_000;

/**
 * The news since the number that the browser saw last, as server-sent events (HTML standard, section 9.2). The answer
 * ends; `EventSource` connects again by itself with `Last-Event-ID`, so nothing is missed in between.
 */
export async function answerLive(context: Context, ports: ConsolePorts): Promise<Response> {
  const asked = context.req.header('last-event-id') ?? context.req.query('after');
  const after = numberOf(asked, 0, Number.MAX_SAFE_INTEGER, 0);
  return context.body(await newsAfter(ports, after), 200, { 'content-type': 'text/event-stream; charset=utf-8' });
}

async function newsAfter(ports: ConsolePorts, after: number): Promise<string> {
  const lines = [`retry: ${RETRY_MS}\n\n`];
  const send = (event: string, id: number, data: unknown): void => {
    lines.push(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const news = await ports.activity.after(after, PAGE);
  const last = news.at(-1);
  if (!last) {
    const head = await ports.activity.head();
    // The trail that the browser followed is another one: a local stack began anew on the same port.
    if (head < after) send('restart', head, {});
    return lines.join('');
  }
  for (const entry of await shownEntries(ports, news)) {
    const row = await textOf(imageRow(await overviewOf(ports, entry)));
    const without = entry.children.map(({ digest }) => rowId({ ...entry, digest }));
    send('image', last.seq, { id: rowId(entry), html: row, without });
  }
  send('activity', last.seq, { html: await textOf(html`${news.map(activityLine)}`) });
  return lines.join('');
}

/** The rows that the news are about: an image of an index is shown by the index. */
async function shownEntries(ports: ConsolePorts, news: readonly Activity[]): Promise<readonly CatalogEntry[]> {
  const shown = new Map<string, CatalogEntry>();
  for (const subject of new Set(news.map((one) => one.subject))) {
    const entry = subject === undefined ? undefined : await entryOf(ports, subject);
    if (!entry || !standsAlone(entry)) continue;
    const parents = await ports.catalog.parentsOf(entry);
    const found = await Promise.all(parents.map((digest) => ports.catalog.find({ ...entry, digest })));
    const listing = found.filter((parent) => parent !== undefined && standsAlone(parent)) as CatalogEntry[];
    for (const one of listing.length > 0 ? listing : [entry]) shown.set(rowId(one), one);
  }
  return [...shown.values()];
}

async function entryOf(ports: ConsolePorts, subject: string): Promise<CatalogEntry | undefined> {
  try {
    return await ports.catalog.find(parseLocationKey(subject));
  } catch (error) {
    // Not every event is about an image.
    if (isLadingError(error, 'reference-invalid') || isLadingError(error, 'digest-invalid')) return undefined;
    throw error;
  }
}
