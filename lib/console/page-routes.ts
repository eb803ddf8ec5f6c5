import type { Hono } from 'hono';
import { mapLimit } from '../core/concurrency.ts';
import { locationKey } from '../core/image-reference.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import { type ImageOverview, listImages } from '../overview/index.ts';
import { imageOf, overviewOf } from './find.ts';
import { advisoriesPage } from './pages/advisories-page.ts';
import { imagePage, type Relations } from './pages/image-page.ts';
import { imagesPage } from './pages/images-page.ts';
import { votesPage } from './pages/votes-page.ts';
import type { ConsolePorts } from './ports.ts';
import { consensusOf } from './security-desk.ts';

const PAGE = 50;
/** Of one image; an index has a dozen platforms, and a signature or two is attached to each. */
const MOST_RELATED = 50;

export function addPages(app: Hono, ports: ConsolePorts): void {
  app.get('/', async (context) => {
    const head = await ports.activity.head();
    const [images, activity] = await Promise.all([
      listImages(ports, { limit: PAGE, replicated: ports.replicated }),
      ports.activity.after(Math.max(0, head - PAGE), PAGE),
    ]);
    return context.html(imagesPage(withoutChildren(images), activity, head));
  });
  app.get('/image', async (context) => {
    const head = await ports.activity.head();
    const image = await imageOf(ports, context.req.query('ref'));
    const [findings, relations] = await Promise.all([
      image.scan ? ports.reports.findings(image.scan.key) : undefined,
      relationsOf(ports, image.entry),
    ]);
    return context.html(imagePage(image, findings, relations, head));
  });
  app.get('/votes', async (context) => {
    const image = await imageOf(ports, context.req.query('ref'));
    return context.html(votesPage(image, await consensusOf(ports.security, image)));
  });
  app.get('/advisories', async (context) => context.html(advisoriesPage(await ports.advisories.status())));
}

/** An index stands for its images where both are in the list. */
function withoutChildren(images: readonly ImageOverview[]): readonly ImageOverview[] {
  const children = new Set(
    images.flatMap(({ entry }) => entry.children.map(({ digest }) => locationKey({ ...entry, digest }))),
  );
  return images.filter(({ entry }) => !children.has(locationKey(entry)));
}

async function relationsOf(ports: ConsolePorts, entry: CatalogEntry): Promise<Relations> {
  const { catalog } = ports;
  const find = (digest: CatalogEntry['digest']) => catalog.find({ ...entry, digest });
  const known = async (digests: readonly CatalogEntry['digest'][]): Promise<readonly CatalogEntry[]> =>
    (await mapLimit(digests.slice(0, MOST_RELATED), 8, find)).filter((one) => one !== undefined);
  const listed = entry.children.filter(({ platform }) => platform !== 'unknown/unknown').slice(0, MOST_RELATED);
  const [parents, referrers, quality, external, children] = await Promise.all([
    catalog.parentsOf(entry).then(known),
    catalog.referrersOf(entry).then(known),
    ports.sboms.qualities.get(entry.digest),
    ports.sboms.externals.list(entry.digest),
    mapLimit(listed, 8, async ({ digest, platform }) => {
      const child = await find(digest);
      return {
        digest,
        ...(platform === undefined ? {} : { platform }),
        ...(child === undefined ? {} : { image: await overviewOf(ports, child) }),
      };
    }),
  ]);
  return { parents, referrers, children, sboms: { quality, external } };
}
