import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { childOf, finding, indexEntry, memoryConsole, REGISTRY } from './support.ts';
import { HOSTILE, putVariedImages } from './varied-images.ts';

const pageOf = (ref: string): string => `/image?ref=${encodeURIComponent(ref)}`;

describe('pages', () => {
  it('show every kind of image with where it stands', async () => {
    const console = memoryConsole();
    await putVariedImages(console);
    const answer = await createConsole(console.ports).request('/');
    const page = await answer.text();
    expect(answer.status).toBe(200);
    for (const text of [
      'waiting to be inventoried',
      'being scanned, attempt 2',
      'stopped by the gate',
      'signed, 3 replicas',
      'no packages were found',
      '412 of 412 packages without advisories',
      'the SBOM has gaps',
    ])
      expect(page).toContain(text);
    expect(page.match(/data-standing="deny"/g)).toHaveLength(2);
    expect(page.match(/data-standing="progress"/g)).toHaveLength(2);
    // Referrers are shown with their subject, images of an index by the index.
    expect(page).not.toContain('>signature<');
    expect(page.match(/<bdi class="repository">web\/frontend<\/bdi>/g)).toHaveLength(1);
  });

  it('tell how to begin where there is nothing', async () => {
    const app = createConsole(memoryConsole().ports);
    const page = await (await app.request('/')).text();
    expect(page).toContain('No image was pushed yet');
    expect(page).toContain('lading push');
  });

  it('lead from an index to its images, from an image to its index and what is attached', async () => {
    const { ports, put } = memoryConsole();
    const app = createConsole(ports);
    const amd64 = await put({ repository: 'web/frontend', seed: 'amd64' });
    const index = await put({ repository: 'web/frontend', tags: ['1'], entry: indexEntry([amd64]) });
    await put({
      repository: 'web/frontend',
      seed: 's',
      entry: { artifactClass: 'signature', referrerOf: amd64.digest },
    });
    const ofIndex = await (await app.request(pageOf(`${REGISTRY}/web/frontend:1`))).text();
    expect(ofIndex).toContain(encodeURIComponent(locationKey(amd64)));
    const ofImage = await (await app.request(pageOf(locationKey(amd64)))).text();
    expect(ofImage).toContain(encodeURIComponent(locationKey(index)));
    expect(ofImage).toContain('<li>signature <a href=');
  });

  it('name a child that the catalogue does not know', async () => {
    const { ports, put } = memoryConsole();
    const stranger = { ...(await put({ repository: 'other/app' })), platform: 'linux/riscv64' };
    await put({ repository: 'web/app', tags: ['1'], entry: { ...indexEntry([]), children: [childOf(stranger)] } });
    const page = await (await createConsole(ports).request(pageOf(`${REGISTRY}/web/app:1`))).text();
    expect(page).toContain('linux/riscv64');
    expect(page).toContain('not catalogued');
  });

  it('say that findings beyond what a person reads are in the report', async () => {
    const { ports, put } = memoryConsole();
    const findings = Array.from({ length: 1_234 }, (_, i) => finding(`CVE-2025-${i}`, 'low', 'p', '1'));
    await put({
      repository: 'big/app',
      tags: ['1'],
      findings: [...findings, finding('CVE-1999-1', 'critical', 'p', '1')],
    });
    const page = await (await createConsole(ports).request(pageOf(`${REGISTRY}/big/app:1`))).text();
    expect(page).toContain('735 more in');
    // The gravest are never those that are left out.
    expect(page).toContain('CVE-1999-1');
  });

  it('show which advisories are in force', async () => {
    const page = await (await createConsole(memoryConsole().ports).request('/advisories')).text();
    expect(page).toContain('101,055');
    expect(page).toContain('all images matched');
    const { ports } = memoryConsole();
    const none = createConsole({ ...ports, advisories: { status: async () => ({ sources: [] }) } });
    expect(await (await none.request('/advisories')).text()).toContain('There are no advisories yet');
  });
});

describe('texts of strangers in pages', () => {
  it('are never markup, and never turn a line around', async () => {
    const console = memoryConsole();
    await putVariedImages(console);
    const app = createConsole(console.ports);
    const [hostile] = [...(await console.ports.catalog.recent(100))].filter(
      ({ repository }) => repository === HOSTILE.repository,
    );
    expect(hostile).toBeDefined();
    // Its repository has no right name, so no address leads to its page; another one with the same texts has.
    await console.put({
      ...{ repository: 'team/x', tags: [HOSTILE.tag, HOSTILE.override], decision: 'deny', reasons: [HOSTILE.finding] },
      findings: [
        { ...finding(HOSTILE.finding, HOSTILE.finding, HOSTILE.tag, HOSTILE.override), location: HOSTILE.label },
      ],
      entry: { labels: { [HOSTILE.label]: HOSTILE.label }, created: HOSTILE.label, platform: HOSTILE.override },
    });
    const image = (await console.ports.catalog.recent(1))[0];
    const paths = [
      '/',
      pageOf(locationKey(image as never)),
      '/live?after=0',
      `/image?ref=${HOSTILE.label}`,
      '/<script>x',
    ];
    for (const path of paths) {
      const page = await (await app.request(path)).text();
      for (const text of Object.values(HOSTILE)) expect(page).not.toContain(text);
      expect(page).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
      expect(page).not.toMatch(/<script>|<img src=x|onmouseover='/);
    }
  });

  it('leave the structure of a page as it is', async () => {
    const structure = async (text: string): Promise<readonly number[]> => {
      const { ports, put } = memoryConsole();
      const entry = await put({
        ...{ repository: 'team/x', seed: 's', decision: 'deny', reasons: [text], warnings: [text] },
        findings: [{ ...finding(text, 'high', text, text, text), location: text }],
        entry: { labels: { [text]: text }, platform: text, created: text, mediaType: text },
      });
      const page = await (await createConsole(ports).request(pageOf(locationKey(entry)))).text();
      return ['<', '>', '"', "'"].map((mark) => page.split(mark).length);
    };
    const plain = await structure('x');
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), async (text) => {
        expect(await structure(text)).toEqual(plain);
      }),
      { numRuns: 60 },
    );
  });
});

describe('headers', () => {
  it.each([
    '/',
    '/image?ref=x',
    '/advisories',
    '/api/images',
    '/openapi.json',
    '/live',
    '/nowhere',
    '/assets/style.css',
  ])('of %s allow nothing from elsewhere and nothing inline', async (path) => {
    const { headers } = await createConsole(memoryConsole().ports).request(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe(
      path.startsWith('/assets') ? 'public, max-age=31536000, immutable' : 'no-store',
    );
  });

  it('let assets be kept under an address that changes with them, without anything inline in pages', async () => {
    const app = createConsole(memoryConsole().ports);
    const page = await (await app.request('/')).text();
    const addresses = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, address]) => address as string);
    expect(new Set(addresses).size).toBe(3);
    for (const address of addresses) expect((await app.request(address)).status).toBe(200);
    expect(page).not.toMatch(/<style|style="|<script>|\son[a-z]+=/);
  });
});
