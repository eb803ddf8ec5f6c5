import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { bundledSource } from '../../../lib/vulnerabilities/adapters/bundled-source.ts';
import { directorySource } from '../../../lib/vulnerabilities/adapters/directory-source.ts';
import { httpsSource } from '../../../lib/vulnerabilities/adapters/https-source.ts';
import { inboxSource } from '../../../lib/vulnerabilities/adapters/inbox-source.ts';
import { type AdvisorySource, advisoriesConfigSchema, configuredSources } from '../../../lib/vulnerabilities/index.ts';
import { affects, corpora, corpusFile, npm, world } from './support.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('a directory', () => {
  const made: string[] = [];
  afterEach(async () => {
    for (const path of made.splice(0)) await rm(path, { recursive: true });
  });
  const folder = async (): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), 'lading-advisories-'));
    made.push(path);
    return path;
  };

  it('gives its advisory files, whatever form and folder they are in', async () => {
    const path = await folder();
    await mkdir(join(path, 'deep/er'), { recursive: true });
    await writeFile(join(path, 'one.json'), json(affects('X-1', 'npm', 'left', '0')));
    await writeFile(join(path, 'deep/er/two.jsonl.zst'), zstdCompressSync(json(affects('X-2', 'npm', 'left', '0'))));
    await writeFile(join(path, 'README.md'), '# not advisories');
    const { sync, match } = world();
    expect(await sync([directorySource('folder', path)])).toMatchObject({ sources: [{ advisories: 2 }] });
    expect((await match([npm('left', '1.0.0')])).findings).toHaveLength(2);
    expect(await world().sync([directorySource('file', join(path, 'one.json'))])).toMatchObject({
      sources: [{ advisories: 1 }],
    });
  });

  it('that is not there is unreachable, and one without advisories empty', async () => {
    expect((await world().sync([directorySource('gone', '/nowhere/at/all')])).sources).toMatchObject([
      { problem: { kind: 'unreachable' } },
    ]);
    expect((await world().sync([directorySource('bare', await folder())])).sources).toMatchObject([
      { problem: { kind: 'empty' } },
    ]);
  });
});

describe('the configuration', () => {
  const sources = (config: unknown) => configuredSources(advisoriesConfigSchema.parse(config));
  it('names publishers whose addresses are known, each a source by itself', () => {
    const found = sources({
      publishers: ['osv/npm', 'osv/Red Hat', 'alpine/v3.20', 'kev', 'kev', 'nvd/2026', 'end-of-life/debian'],
      sources: [{ name: 'own', url: 'https://mirror.example/a.json', hosts: ['cdn.example'], maxMegabytes: 1 }],
    });
    expect(found.map(({ name }) => name)).toEqual([
      ...['osv/npm', 'osv/Red Hat', 'alpine/v3.20/main', 'alpine/v3.20/community', 'kev', 'nvd/2026'],
      ...['end-of-life/debian', 'own'],
    ]);
    expect(found.every(({ url }) => new URL(url).protocol === 'https:')).toBe(true);
    expect(found[1]?.url).toMatch(/\/Red%20Hat\/all\.zip$/);
    expect(found.find(({ name }) => name === 'nvd/2026')?.checksum).toMatchObject({ of: 'content' });
    expect(found.at(-1)).toMatchObject({ hosts: ['cdn.example'], maxBytes: 1024 * 1024 });
  });
  it.each(['osv', 'osv/../x', 'alpine', 'alpine/3.20', 'kev/x', 'nobody', 'nvd/26', 'osv/a/b'])(
    'refuses %s',
    (name) => {
      expect(advisoriesConfigSchema.safeParse({ publishers: [name] }).success).toBe(false);
    },
  );
});

describe('the inbox', () => {
  it('is absent while it is empty, read when something is put in, and unchanged after', async () => {
    const documents = memoryDocuments();
    const source = inboxSource(documents);
    const { sync } = world();
    expect((await source.read(undefined)).kind).toBe('absent');
    await documents.put('advisories/inbox/mine.json', json(affects('X-1', 'npm', 'left', '0')));
    expect(await sync([source])).toMatchObject({ sources: [{ state: 'updated', advisories: 1 }] });
    expect(await sync([source])).toMatchObject({ sources: [{ state: 'unchanged', advisories: 1 }] });
    await documents.put('advisories/inbox/mine.json', json(affects('X-1', 'npm', 'left', '0..1.0.0')));
    expect(await sync([source])).toMatchObject({ sources: [{ state: 'updated' }] });
  });
});

describe('an https address', () => {
  const url = 'https://advisories.example/npm.json';
  const body = JSON.stringify([affects('X-1', 'npm', 'left', '0')]);
  const sourceWith = (
    answer: (url: URL, init: RequestInit) => Response | Promise<Response>,
    more: object = {},
  ): AdvisorySource =>
    httpsSource({
      name: 'web',
      url,
      fetch: async (input, init) => answer(new URL(String(input)), init ?? {}),
      ...more,
    });
  const problemOf = async (source: AdvisorySource) => (await world().sync([source])).sources[0]?.problem?.kind;
  const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });

  it('is asked on the condition that it changed', async () => {
    const asked: (string | null)[] = [];
    const source = sourceWith((_url, init) => {
      const condition = new Headers(init.headers).get('if-none-match');
      asked.push(condition);
      return condition === '"v1"'
        ? new Response(null, { status: 304 })
        : new Response(body, { headers: { etag: '"v1"' } });
    });
    const { sync } = world();
    expect(await sync([source])).toMatchObject({ kind: 'updated', sources: [{ advisories: 1 }] });
    expect(await sync([source])).toMatchObject({ kind: 'unchanged', sources: [{ state: 'unchanged' }] });
    expect(asked).toEqual([null, '"v1"']);
  });

  it('may redirect to hosts that are allowed, and no others', async () => {
    const to = (location: string, hosts?: string[]) =>
      problemOf(
        sourceWith((at) => (at.href === url ? redirect(location) : new Response(body)), hosts ? { hosts } : {}),
      );
    expect(await to('/elsewhere.json')).toBeUndefined();
    expect(await to('https://cdn.example/npm.json', ['advisories.example', 'cdn.example'])).toBeUndefined();
    expect(await to('https://cdn.example/npm.json')).toBe('refused');
    expect(await to('http://advisories.example/npm.json')).toBe('refused');
    expect(await to('https://169.254.169.254/latest/meta-data')).toBe('refused');
    expect(await to('https://user:secret@advisories.example/x')).toBe('refused');
    expect(await problemOf(sourceWith(() => redirect(url)))).toBe('refused');
  });

  it('is asked by date where it has no entity tag', async () => {
    const date = 'Tue, 24 Nov 2026 10:00:00 GMT';
    const asked: (string | null)[] = [];
    const source = sourceWith((_url, init) => {
      const since = new Headers(init.headers).get('if-modified-since');
      asked.push(since);
      return since === date
        ? new Response(null, { status: 304 })
        : new Response(body, { headers: { 'last-modified': date } });
    });
    const { sync } = world();
    await sync([source]);
    expect(await sync([source])).toMatchObject({ sources: [{ state: 'unchanged' }] });
    expect(asked).toEqual([null, date]);
  });

  it('is held to the checksum that its publisher names, of the file or of its content', async () => {
    const packed = gzipSync(body);
    const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
    const problem = (of: 'file' | 'content', text: string, host = 'advisories.example') =>
      problemOf(
        sourceWith((at) => (at.href === url ? new Response(new Uint8Array(packed)) : new Response(text)), {
          checksum: { url: `https://${host}/npm.sum`, of },
        }),
      );
    expect(await problem('file', `${sha(packed)}  npm.json.gz\n`)).toBeUndefined();
    expect(await problem('content', `size:9\r\nsha256:${sha(body).toUpperCase()}\r\n`)).toBeUndefined();
    // A mirror that lies, or half of an update.
    expect(await problem('content', sha(packed))).toBe('broken');
    expect(await problem('file', sha('something else'))).toBe('broken');
    expect(await problem('file', 'busy, try again later')).toBe('broken');
  });

  it.each([
    ['over the cap', () => new Response(body), { maxBytes: 10 }, 'too-large'],
    ['shorter than declared', () => new Response(body, { headers: { 'content-length': '99999' } }), {}, 'broken'],
    ['that is missing', () => new Response('no', { status: 404 }), {}, 'refused'],
    ['of a server in trouble', () => new Response('busy', { status: 503 }), {}, 'unreachable'],
    ['that is an error page', () => new Response('<html>'), {}, 'broken'],
    ['that never comes', () => Promise.reject(new TypeError('fetch failed')), {}, 'unreachable'],
  ])('with an answer %s fails in a way that says so', async (_what, answer, more, problem) => {
    expect(await problemOf(sourceWith(answer, more))).toBe(problem);
  });

  it('that is not https is never asked', async () => {
    let asked = 0;
    const source = httpsSource({
      name: 'web',
      url: 'http://advisories.example/x',
      fetch: async () => {
        asked++;
        return new Response(body);
      },
    });
    expect(await problemOf(source)).toBe('refused');
    expect(asked).toBe(0);
  });
});

describe('the bundled advisories', () => {
  it('are all taken, and say of themselves that they are an excerpt', async () => {
    const { sync, match } = world();
    const { sources } = await sync([bundledSource()]);
    expect(sources).toMatchObject([{ state: 'updated', rejected: 0 }]);
    const { findings, coverage } = await match([
      npm('lodash', '4.17.4'),
      npm('lodash', '4.17.21'),
      npm('minimist', '1.2.0'),
      npm('minimist', '1.2.8'),
    ]);
    expect(findings.map(({ id, package: pkg, severity }) => `${pkg.name}@${pkg.version} ${id} ${severity}`)).toEqual([
      'lodash@4.17.4 CVE-2018-16487 high',
      'lodash@4.17.4 CVE-2018-3721 low',
      'lodash@4.17.4 CVE-2019-1010266 medium',
      'lodash@4.17.4 CVE-2019-10744 critical',
      'lodash@4.17.4 CVE-2020-28500 medium',
      'lodash@4.17.4 CVE-2020-8203 high',
      'lodash@4.17.4 CVE-2021-23337 high',
      'minimist@1.2.0 CVE-2020-7598 medium',
      'minimist@1.2.0 CVE-2021-44906 critical',
    ]);
    expect(coverage.ecosystems).toEqual([{ name: 'npm', packages: 4, data: 'excerpt' }]);
  });

  it.skipIf(!corpora)('say of every version what the public records say (needs LADING_CORPORA)', async () => {
    const bundled = world();
    await bundled.sync([bundledSource()]);
    const full = world();
    await full.sync(
      ['ghsa-selected.osv.jsonl.zst', 'alpine-secdb.jsonl.zst'].map((file) =>
        directorySource(file, corpusFile('advisories', file)),
      ),
    );
    const tries = {
      lodash: ['4.17.4', '4.17.11', '4.17.12', '4.17.20', '4.17.21'],
      minimist: ['0.2.0', '0.2.1', '0.2.4', '1.2.0', '1.2.3', '1.2.5', '1.2.6'],
      axios: ['0.21.0', '0.21.1', '0.21.2'],
      'node-fetch': ['2.6.0', '2.6.1', '3.0.0', '3.1.1'],
      jsonwebtoken: ['8.5.1', '9.0.0'],
      qs: ['6.2.3', '6.2.4', '6.5.1', '6.5.3', '6.10.2', '6.10.3', '6.11.0'],
      semver: ['5.7.1', '5.7.2', '6.3.0', '6.3.1', '7.5.1', '7.5.2'],
      'follow-redirects': ['1.14.7', '1.14.8'],
      moment: ['2.29.1', '2.29.2'],
      ws: ['5.2.2', '6.2.2', '7.4.5', '7.4.6', '8.0.0'],
    };
    const apk = ['musl', 'busybox', 'openssl'].flatMap((name) =>
      ['3.10.0', '3.11.0'].flatMap((versionId) =>
        ['1.1.22-r2', '1.1.22-r3', '1.1.23-r2', '1.30.1-r1', '1.30.1-r2', '1.1.1c-r0', '1.1.1d-r0', '1.1.1d-r3'].map(
          (version) => ({
            type: 'apk',
            name,
            version,
            purl: `pkg:apk/alpine/${name}@${version}?distro=alpine-${versionId}`,
          }),
        ),
      ),
    );
    const packages = [
      ...Object.entries(tries).flatMap(([name, versions]) => versions.map((version) => npm(name, version))),
      ...apk,
    ];
    const ours = new Map((await bundled.match(packages)).findings.map((one) => [keyOf(one), one]));
    const theirs = await full.match(packages);
    expect(theirs.findings.length).toBeGreaterThan(40);
    for (const finding of theirs.findings) {
      // The record of that time has one range over 2.6.7, which mends it; the bundled one does not repeat that.
      if (finding.id === 'CVE-2022-0235') continue;
      const { severity, fixedVersions, package: pkg } = finding;
      // secdb rates nothing.
      const expected = pkg.type === 'apk' ? { fixedVersions } : { severity, fixedVersions };
      expect(ours.get(keyOf(finding)), keyOf(finding)).toMatchObject(expected);
    }
    // What the records of the corpus speak of is said of no version that they do not name.
    const spokenOf = new Set(theirs.findings.flatMap(({ id, package: pkg }) => `${id} ${pkg.name}`));
    const wrong = [...ours.values()].filter(
      (one) =>
        spokenOf.has(`${one.id} ${one.package.name}`) && !theirs.findings.some((other) => keyOf(other) === keyOf(one)),
    );
    expect(wrong.map(keyOf)).toEqual([]);
  });
});

const keyOf = ({
  id,
  package: pkg,
}: {
  id: string;
  package: { name: string; version: string; purl?: string | undefined };
}): string => `${id} ${pkg.purl ?? `${pkg.name}@${pkg.version}`}`;
