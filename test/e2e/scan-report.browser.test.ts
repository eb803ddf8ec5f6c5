import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanReport } from '../../lib/cli/scan/scan-target.ts';
import { toHtml } from '../../lib/cli/scan/to-html.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { covered, finding } from '../lib/policy/support.ts';
import { launchBrowser, whyNoBrowser, withoutBrowser } from '../support/browser.ts';

const HOSTILE = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script><style>body{display:none}</style>`;

const report: ScanReport = {
  schemaVersion: 1,
  target: { name: HOSTILE, image: digestOf('image'), sbomOutcome: 'limit-exceeded' },
  matcher: 'test/1',
  advisories: { snapshot: digestOf('snapshot'), sources: [] },
  findings: [
    finding('CVE-2026-1001', 'critical', {
      package: { name: HOSTILE, version: HOSTILE, type: 'npm' },
      locations: [HOSTILE],
    }),
    finding('CVE-2026-1002', 'low', { aliases: [HOSTILE] }),
  ],
  suppressed: [],
  coverage: covered,
};

describe.skipIf(withoutBrowser)(`the HTML of a scan in a browser${whyNoBrowser}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-html-'));
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows every finding, has its style, and nothing of what is foreign works', async () => {
    const file = join(folder, 'report.html');
    writeFileSync(file, toHtml(report, { version: '2', time: new Date('2026-01-01T00:00:00Z') }));
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    expect(await page.locator('tbody tr').count()).toBe(2);
    expect(await page.locator('h1').textContent()).toContain('<img src=x');
    expect(await page.locator('img, script').count()).toBe(0);
    expect(await page.title()).not.toBe('owned');
    // The style's digest is the policy's: else the browser would complain and the line have no width.
    expect(await page.evaluate(`getComputedStyle(document.querySelector('.warn')).borderLeftStyle`)).toBe('solid');
    expect({ complaints, asked }).toEqual({ complaints: [], asked: [pathToFileURL(file).href] });
  });
});
