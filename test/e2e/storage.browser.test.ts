import { join } from 'node:path';
import { serve } from '@hono/node-server';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsole } from '../../lib/console/index.ts';
import { costConfigSchema } from '../../lib/cost/index.ts';
import { memoryRetention } from '../../lib/lifecycle/adapters/memory-retention.ts';
import { trailPulls } from '../../lib/storage/adapters/trail-pulls.ts';
import { storageConfigSchema } from '../../lib/storage/index.ts';
import { memoryConsole } from '../lib/console/support.ts';
import { entry, fillCatalog, HOST } from '../lib/storage/fill-catalog.ts';
import { launchBrowser, openPage, whyNoBrowser, withoutBrowser } from '../support/browser.ts';

/** A folder that pictures of the page are put into. */
const pictures = process.env.LADING_PICTURES;

describe.skipIf(withoutBrowser)(`the page about storage and cost in a browser${whyNoBrowser}`, () => {
  const console = memoryConsole();
  let browser: Browser;
  let page: Page;
  let address = '';
  let server: { close(): unknown } | undefined;
  const complaints: string[] = [];

  beforeAll(async () => {
    await fillCatalog(console.catalog);
    const usage = memoryRetention(console.clock);
    const cart = entry('shop/cart', 'cache');
    await usage.pulled(cart, { digest: cart.digest, pulledAt: console.clock.now().toISOString() });
    for (let i = 0; i < 25; i++) {
      console.tell('Image Pulled', `${HOST}/shop/cart@${cart.digest}`, { subject: { ...cart, tags: [] } });
    }
    const replicated = {
      subject: { ...entry('shop/search', 'v1'), tags: [] },
      target: { registry: HOST.replace('eu-central-1', 'us-east-1'), repository: 'shop/search' },
      bytesMoved: 60_000_000,
    };
    console.tell('Image Replicated', `${HOST}/shop/search`, replicated);
    for (let i = 0; i < 2000; i++)
      console.tell('SBOM Created', `${HOST}/pay/fraud`, { subject: entry('pay/fraud', 'v1') });
    console.clock.advance(3_600_000);
    const hostile = entry('evil/app', 'x', { labels: { team: '<img src=x onerror=alert(1)>' } });
    await console.catalog.enter({ ...hostile, layers: [], sizeBytes: 90_000_000 });
    const ports = {
      ...console.ports,
      accounts: {
        ...console.ports.accounts,
        storage: storageConfigSchema.parse({ sharing: [{ registries: ['**'], scope: 'registry' }] }),
        cost: costConfigSchema.parse({ budgets: [{ name: 'everything', monthlyUsd: 0.05 }] }),
        pulls: trailPulls(console.ports.activity, usage),
      },
    };
    address = await new Promise((resolve) => {
      const started = serve({ fetch: createConsole(ports).fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
        resolve(`http://127.0.0.1:${port}`),
      );
      server = started;
    });
    browser = await launchBrowser();
    page = await openPage(browser, complaints);
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  const picture = async (name: string): Promise<void> => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  };

  it('draws who stores how much, with areas that fill the picture', async () => {
    await page.goto(`${address}/storage`);
    await picture('storage');
    expect(await page.locator('nav [aria-current=page]').textContent()).toBe('Storage');
    const map = await page.locator('.treemap').boundingBox();
    const tiles = await page.locator('.treemap > svg > .edge').all();
    expect(tiles.length).toBe(10);
    let area = 0;
    for (const tile of tiles) {
      const box = await tile.boundingBox();
      area += (box?.width ?? 0) * (box?.height ?? 0);
    }
    expect(area / ((map?.width ?? 0) * (map?.height ?? 1))).toBeCloseTo(1, 1);
  });

  it('shows who shares what, what it costs, the budget that is exceeded, bases behind and caches', async () => {
    expect(await page.locator('.sharing tbody tr').count()).toBeGreaterThan(3);
    expect(await page.locator('.costs tbody tr').count()).toBe(10);
    expect(await page.locator('.note').textContent()).toContain('The budget everything');
    expect(await page.locator('main').textContent()).toMatch(/2 versions, \d+ days/);
    expect(await page.locator('.badge.allow').textContent()).toBe('worth keeping');
    expect(await page.locator('main').textContent()).toContain('unused');
  });

  it('counts by other owners, stays whole on a phone and in the dark, and runs nothing of strangers', async () => {
    await page.goto(`${address}/storage?by=team`);
    await picture('storage-by-team');
    expect(await page.locator('.choice[aria-current]').textContent()).toBe('team');
    expect(await page.locator('.costs').textContent()).toContain('<img src=x onerror=alert(1)>');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${address}/storage`);
    await picture('storage-phone');
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
    expect(complaints).toEqual([]);
  });
});
