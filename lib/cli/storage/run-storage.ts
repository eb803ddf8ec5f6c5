import { formatBytes, plural } from '../../core/format-units.ts';
import { getJson } from '../api-client.ts';
import { connect } from '../connection.ts';
import { toCsv } from '../csv.ts';
import { printJson, say } from '../output.ts';
import { printTable } from '../table.ts';
import { savePage } from './save-page.ts';
import { basesAnswer, cachesAnswer, duplicatesAnswer, imageStorageAnswer, storageAnswer } from './shapes.ts';

interface Wish {
  readonly api?: string | undefined;
  readonly data?: string | undefined;
}
type Output = 'table' | 'json';

const MOST_GROUPS = 15;

/** What is stored, by owner, and who shares it. */
export async function runReport(
  wish: Wish & { readonly output: Output | 'csv' | 'html' },
  owners: URLSearchParams,
): Promise<void> {
  const connection = connect(wish);
  if (wish.output === 'html') return savePage(connection, `/storage?${owners}`);
  const report = await getJson(connection, `/api/storage?${owners}`, storageAnswer);
  if (wish.output === 'json') return printJson(report);
  if (wish.output === 'csv') {
    const head = ['owner', 'images', 'bytes', 'unique_bytes', 'shared_bytes', 'fair_bytes', 'added_bytes'];
    const rows = report.owners.map(({ owner, images, bytes, unique, shared, fair, added }) =>
      [owner, images, bytes, unique, shared, fair, added].map(String),
    );
    process.stdout.write(toCsv([head, ...rows]));
    return;
  }
  printTable(
    ['OWNER', 'IMAGES', 'NEEDS', 'ITS OWN', 'SHARED', 'FAIR', 'ADDED'],
    report.owners.map(({ owner, images, ...sizes }) => [
      ...[owner, String(images), formatBytes(sizes.bytes), formatBytes(sizes.unique), formatBytes(sizes.shared)],
      ...[formatBytes(sizes.fair), formatBytes(sizes.added)],
    ]),
  );
  say(
    `${formatBytes(report.totalBytes)} stored (${report.totalBytes} bytes); ${formatBytes(report.apartBytes - report.totalBytes)} saved by sharing; ITS OWN is what would be freed if the owner went`,
  );
  for (const { owners: together, bytes, blobs, saved } of report.groups.slice(0, MOST_GROUPS)) {
    say(
      `shared: ${formatBytes(bytes)} in ${plural(blobs, 'blob')}, saves ${formatBytes(saved)}: ${together.slice(0, 6).join(', ')}${together.length > 6 ? ` and ${together.length - 6} more` : ''}`,
    );
  }
}

/** What one image holds, and with whom. */
export async function runImage(ref: string, wish: Wish & { readonly output: Output }): Promise<void> {
  const found = await getJson(connect(wish), `/api/storage/image?${new URLSearchParams({ ref })}`, imageStorageAnswer);
  if (wish.output === 'json') return printJson(found);
  printTable(
    ['BLOB', 'KIND', 'SIZE', 'SHARED WITH'],
    found.blobs.map(({ digest, kind, bytes, sharers, sharedWith }) => [
      ...[digest.slice(0, 19), kind, formatBytes(bytes)],
      sharers === 0 ? '' : `${sharedWith.slice(0, 3).join(', ')}${sharers > 3 ? ` and ${sharers - 3} more` : ''}`,
    ]),
  );
  say(
    `${found.image} needs ${formatBytes(found.bytes)}; ${formatBytes(found.unique)} (${found.unique} bytes) would be freed if it went; its fair share is ${formatBytes(found.fair)}`,
  );
}

/** Layers that store nearly the same, by what was read of them before. */
export async function runDuplicates(wish: Wish & { readonly layers: number; readonly output: Output }): Promise<void> {
  const found = await getJson(connect(wish), `/api/storage/duplicates?layers=${wish.layers}`, duplicatesAnswer);
  if (wish.output === 'json') return printJson(found);
  printTable(
    ['KIND', 'LAYERS', 'WASTED', 'LIKENESS', 'IMAGES', 'ADVICE'],
    found.groups.map(({ kind, layers, wasted, likeness, images, advice }) => [
      ...[kind, layers.map(({ digest }) => digest.slice(7, 19)).join(' '), formatBytes(wasted)],
      ...[`${Math.round(likeness * 100)} %`, images.slice(0, 3).join(', '), advice],
    ]),
  );
  say(
    `${found.compared} of ${found.layers} layers were compared, ${found.unknown} are not known yet; ${formatBytes(found.wasted)} wasted`,
  );
}

/** On what images are built, and how far behind. */
export async function runBases(wish: Wish & { readonly output: Output }): Promise<void> {
  const found = await getJson(connect(wish), '/api/storage/bases', basesAnswer);
  if (wish.output === 'json') return printJson(found);
  printTable(
    ['BASE', 'VERSION', 'PLATFORM', 'IMAGES', 'BEHIND', 'LAYERS', 'MERGING SAVES'],
    found.bases.flatMap(({ name, versions }) =>
      versions.map((one) => [
        ...[name, one.tags[0] ?? one.pushedAt.slice(0, 10), one.platform ?? '', String(one.images)],
        one.behind === 0 ? 'newest' : `${plural(one.behind, 'version')}, ${plural(one.daysBehind, 'day')}`,
        ...[formatBytes(one.bytes), formatBytes(one.mergingSaves)],
      ]),
    ),
  );
  say(
    `${found.images} images, ${found.withoutBase} without a base in common with another; ${formatBytes(found.mergingSaves)} would go if all were built on the newest`,
  );
}

/** What each build cache is worth. */
export async function runCaches(wish: Wish & { readonly days: number; readonly output: Output }): Promise<void> {
  const found = await getJson(connect(wish), `/api/storage/caches?days=${wish.days}`, cachesAnswer);
  if (wish.output === 'json') return printJson(found);
  printTable(
    ['CACHE', 'ITS OWN', 'HITS', 'H SAVED/GB-MONTH', 'USD/MONTH', 'VERDICT'],
    found.caches.map((one) => [
      ...[
        one.tags[0] === undefined ? one.image : `${one.image.split('@')[0]}:${one.tags[0]}`,
        formatBytes(one.uniqueBytes),
      ],
      ...[one.hits === undefined ? 'unknown' : String(one.hits), one.hoursPerGbMonth?.toFixed(2) ?? ''],
      ...[one.worthUsd?.toFixed(4) ?? '', one.verdict],
    ]),
  );
  for (const { image, why } of found.caches) say(`${image}: ${why}`);
  say(`${formatBytes(found.reclaimable)} of ${formatBytes(found.bytes)} are not worth what they cost`);
}
