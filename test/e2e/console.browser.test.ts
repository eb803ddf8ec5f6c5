import { type AddressInfo, createServer } from 'node:net';
import { serve } from '@hono/node-server';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsole } from '../../lib/console/index.ts';
import { memoryConsole, REGISTRY } from '../lib/console/support.ts';
import { HOSTILE, putVariedImages } from '../lib/console/varied-images.ts';
import { launchBrowser, openPage, whyNoBrowser, withoutBrowser } from '../support/browser.ts';

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

describe.skipIf(withoutBrowser)(`the console in a browser${whyNoBrowser}`, () => {
  const console = memoryConsole();
  let browser: Browser;
  let page: Page;
  let address: string;
  const servers: { close(): unknown }[] = [];
  const complaints: string[] = [];

  async function serveOn(of: typeof console): Promise<string> {
    const port = await freePort();
    servers.push(serve({ fetch: createConsole(of.ports).fetch, port, hostname: '127.0.0.1' }));
    return `http://127.0.0.1:${port}`;
  }

  beforeAll(async () => {
    await putVariedImages(console);
    address = await serveOn(console);
    browser = await launchBrowser();
    page = await openPage(browser, complaints);
  });

  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
  });

  const row = (repository: string, tag: string) =>
    page.locator('#images tbody tr').filter({ hasText: repository }).filter({ hasText: tag });

  it('shows images with their stages, and is live', async () => {
    await page.goto(address);
    await expect.poll(() => page.locator('.live').textContent()).toBe('live');
    expect(await page.locator('#images tbody tr').count()).toBe(11);
    expect(await row('demo/node', 'v1').textContent()).toContain('denied');
    expect(await row('build/worker', 'pr-182').textContent()).toContain('being scanned');
    expect(await page.locator('#images').textContent()).toContain(HOSTILE.tag);
  });

  it('takes in a push and what becomes of it, without being loaded again', async () => {
    await page.evaluate(`document.body.setAttribute('data-loaded', 'once')`);
    await console.put({ repository: 'fresh/app', tags: ['v9'], stopsAt: { stage: 'gate', attempts: 1 } });
    const fresh = row('fresh/app', 'v9');
    await fresh.waitFor();
    expect(await fresh.textContent()).toContain('in progress');
    expect(await page.locator('.filters button').first().textContent()).toContain('12');
    expect(await page.locator('ol.feed li').first().textContent()).toContain('Scan Completed');
    await console.put({ repository: 'later/app', tags: ['v1'] });
    await row('later/app', 'v1').waitFor();
    expect(await page.locator('#images tbody tr').first().textContent()).toContain('later/app');
    expect(await page.locator('body').getAttribute('data-loaded')).toBe('once');
  });

  it('shows only what is asked for', async () => {
    await page.getByRole('button', { name: /denied/ }).click();
    expect(await page.locator('#images tbody tr:visible').count()).toBe(2);
    await page.locator('#search').fill('node demo');
    expect(await page.locator('#images tbody tr:visible').count()).toBe(1);
    await page.locator('#search').fill('nothing like it');
    await page.getByText('No image fits.').waitFor();
    await page.getByRole('button', { name: /^All/ }).click();
    await page.locator('#search').fill('');
    expect(await page.locator('#images tbody tr:visible').count()).toBe(13);
  });

  it('leads to an image, and renews its page when there is news of it', async () => {
    const image = await console.put({
      ...{ repository: 'slow/app', tags: ['v1'], stopsAt: { stage: 'sbom', attempts: 1 } },
    });
    await page.goto(`${address}/image?ref=${encodeURIComponent(`${REGISTRY}/slow/app:v1`)}`);
    await expect.poll(() => page.locator('.live').textContent()).toBe('live');
    expect(await page.locator('.timeline').textContent()).toContain('under way');
    await console.put({ repository: 'slow/app', tags: ['v1'] });
    await page.locator('.timeline', { hasText: '1 replica' }).waitFor();
    expect(await page.locator('h1').textContent()).toContain(image.repository);
  });

  it('makes room for the first image that is ever pushed', async () => {
    const empty = memoryConsole();
    await page.goto(await serveOn(empty));
    await page.getByText('No image was pushed yet').waitFor();
    expect(await page.locator('#images').isVisible()).toBe(false);
    await empty.put({ repository: 'first/app', tags: ['v1'] });
    await row('first/app', 'v1').waitFor();
    expect(await page.getByText('No image was pushed yet').count()).toBe(0);
    expect(await page.locator('ol.feed li').count()).toBeGreaterThan(4);
  });

  it.each([
    ['wide', 1280],
    ['narrow', 390],
  ])('fits into a %s window', async (_name, width) => {
    await page.setViewportSize({ width, height: 844 });
    for (const path of ['/', `/image?ref=${encodeURIComponent(`${REGISTRY}/demo/node:v1`)}`, '/advisories']) {
      await page.goto(`${address}${path}`);
      const [content, window] = await page.evaluate<[number, number]>(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      );
      expect(content).toBeLessThanOrEqual(window);
    }
  });

  it('gave the browser no reason to complain, least of all about the content security policy', () => {
    expect(complaints).toEqual([]);
  });
});
