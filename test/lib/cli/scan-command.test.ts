import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tarArchive } from '../../support/tar-writer.ts';
import { alpineFiles, lading, layoutIn, temporaryFolder } from './support.ts';

const reportSchema = z.object({
  schemaVersion: z.literal(1),
  target: z.object({ sbomOutcome: z.string(), image: z.string().optional() }),
  advisories: z.object({
    snapshot: z.string(),
    sources: z.array(
      z.object({
        name: z.string(),
        advisories: z.number(),
        problem: z.object({ kind: z.string(), message: z.string() }).optional(),
      }),
    ),
  }),
  findings: z.array(
    z.object({
      id: z.string(),
      aliases: z.array(z.string()),
      package: z.object({ name: z.string(), version: z.string(), purl: z.string() }),
      severity: z.string(),
      fixedVersions: z.array(z.string()),
      fixState: z.string(),
      layer: z.string(),
      locations: z.array(z.string()),
      sources: z.array(z.object({ source: z.string(), record: z.string() })),
    }),
  ),
  coverage: z.object({ packages: z.number(), uncovered: z.number() }),
});

const osv = (id: string, name: string, fixed: string | undefined, severity = 'HIGH', ecosystem = 'Alpine:v3.10') => ({
  ...{ id, aliases: [`${id}-alias`], modified: '2026-01-01T00:00:00Z', database_specific: { severity } },
  affected: [
    {
      package: { ecosystem, name },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, ...(fixed ? [{ fixed }] : [])] }],
    },
  ],
});

async function setUp() {
  const folder = temporaryFolder();
  const layout = await layoutIn(folder);
  await layout.image(alpineFiles({ musl: '1.1.22-r2', zlib: '1.2.11-r1', busybox: '1.30.1-r1' }), { tag: 'a' });
  mkdirSync(join(folder, 'advisories', 'deep'), { recursive: true });
  const write = (name: string, records: readonly unknown[]) =>
    writeFileSync(join(folder, 'advisories', name), records.map((one) => `${JSON.stringify(one)}\n`).join(''));
  write('alpine.jsonl', [osv('CVE-2026-1', 'musl', '1.1.22-r3'), osv('CVE-2026-2', 'zlib', undefined, 'LOW')]);
  const scan = async (...args: string[]) => {
    const result = await lading(['scan', ...args, '-o', 'json'], folder);
    return { ...result, report: result.code === 2 ? undefined : reportSchema.parse(JSON.parse(result.out)) };
  };
  const ids = async (...args: string[]) => (await scan(...args)).report?.findings.map(({ id }) => id);
  return { folder, write, scan, ids, ...layout };
}

const ALL = ['oci:images:a', '--advisories', 'advisories'];

describe('lading scan', () => {
  it('finds what advisories of a folder say of an image', async () => {
    const { scan, folder } = await setUp();
    const { code, report } = await scan(...ALL);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      target: { sbomOutcome: 'complete' },
      advisories: { sources: [{ name: 'alpine.jsonl', advisories: 2 }] },
      findings: [
        {
          ...{ id: 'CVE-2026-1', aliases: ['CVE-2026-1-alias'], severity: 'high' },
          package: { name: 'musl', version: '1.1.22-r2', purl: expect.stringMatching(/^pkg:apk\/alpine\/musl@/) },
          ...{ fixedVersions: ['1.1.22-r3'], fixState: 'fixed', locations: ['/lib/apk/db/installed'] },
          sources: [{ source: 'alpine.jsonl', record: 'CVE-2026-1' }],
        },
        { id: 'CVE-2026-2', severity: 'low', fixedVersions: [], fixState: 'not-fixed' },
      ],
      coverage: { packages: 3, uncovered: 0 },
    });
    const table = await lading(['scan', ...ALL], folder);
    expect(table.out).toMatch(
      /^SEVERITY\s+ID\s+PACKAGE.*\nhigh\s+CVE-2026-1\s+musl\s+1\.1\.22-r2\s+1\.1\.22-r3\s+[0-9a-f]{12}\s+\/lib/,
    );
    expect(table.err).toContain('2 findings in 3 packages (1 high, 1 low)');
  });

  it('finds the same in the SBOM of the image, in either form, as a file or on standard input', async () => {
    const { scan, folder } = await setUp();
    const { report } = await scan(...ALL);
    for (const form of ['cyclonedx-json', 'native']) {
      writeFileSync(join(folder, 'sbom.json'), (await lading(['sbom', 'oci:images:a', '-o', form], folder)).out);
      const again = (await scan('sbom.json', '--advisories', 'advisories')).report;
      expect(again?.findings).toEqual(report?.findings);
      expect(again?.target).toMatchObject({ sbomOutcome: 'complete', image: report?.target.image });
    }
  });

  it('matches with the advisories that come with Lading where none are named, and says that they are few', async () => {
    const { scan, folder } = await setUp();
    expect((await scan('oci:images:a')).report?.advisories.sources).toMatchObject([{ name: 'bundled' }]);
    expect((await lading(['scan', 'oci:images:a'], folder)).err).toContain('only some advisories are known');
  });

  it.each([
    ['critical', 0],
    ['high', 1],
    ['medium', 1],
    ['low', 1],
    ['never', 0],
  ])('--fail-on %s answers with %d', async (level, code) => {
    expect((await (await setUp()).scan(...ALL, '--fail-on', level)).code).toBe(code);
  });

  it('leaves out on request what nothing fixes, also from the answer', async () => {
    const { ids, scan, write } = await setUp();
    expect(await ids(...ALL, '--only-fixed')).toEqual(['CVE-2026-1']);
    write('alpine.jsonl', [osv('CVE-2026-2', 'zlib', undefined, 'CRITICAL')]);
    expect((await scan(...ALL, '--fail-on', 'low', '--only-fixed')).code).toBe(0);
    expect((await scan(...ALL, '--fail-on', 'low')).code).toBe(1);
  });

  it('never passes an image that could not be read whole', async () => {
    const { image, scan } = await setUp();
    const files = alpineFiles({ musl: '1.1.22-r3' });
    const whole = gzipSync(tarArchive(files));
    await image(files, { tag: 'broken', layer: whole.subarray(0, whole.length - 20) });
    const { code, report, err } = await scan(
      'oci:images:broken',
      '--advisories',
      'advisories',
      '--fail-on',
      'critical',
    );
    expect(code).toBe(1);
    expect(report?.target.sbomOutcome).toBe('unreadable');
    expect(err).toContain('incomplete');
  });

  it('tells packages that it knows nothing of from clean ones', async () => {
    const { scan, write, folder } = await setUp();
    write('alpine.jsonl', [osv('CVE-2026-3', 'lodash', '4.17.21', 'HIGH', 'npm')]);
    expect((await scan(...ALL)).report).toMatchObject({ findings: [], coverage: { packages: 3, uncovered: 3 } });
    expect((await lading(['scan', ...ALL], folder)).err).toContain('3 packages without advisories to compare with');
  });

  it('says clearly what it cannot do', async () => {
    const { scan, folder } = await setUp();
    writeFileSync(join(folder, 'other.json'), '{"hello":1}');
    const failing = async (...args: string[]) => {
      const { code, err } = await scan(...args);
      expect(code).toBe(2);
      return err;
    };
    expect(await failing('other.json')).toContain('in no form that is read here');
    expect(await failing('images')).toContain('hint: write it as oci:images');
    expect(await failing('nowhere.json')).toContain('is not an image source');
    expect(await failing('oci:images:a', '--advisories', 'nowhere')).toContain('cannot be read');
    expect(await failing('oci:images:a', '--advisories', 'images')).toContain('none of the files holds advisories');
    expect(await failing('oci:images:a', '--fail-on', 'grave')).toContain('Allowed choices');
  });
});

describe('the advisories of a scan', () => {
  it('may lie between files of something else, which cost nothing but a note', async () => {
    const { scan, write, folder } = await setUp();
    write('kev.jsonl', [{ cveID: 'CVE-1' }, { cveID: 'CVE-2' }]);
    writeFileSync(join(folder, 'advisories', 'broken.jsonl'), '{"id":');
    writeFileSync(join(folder, 'advisories', 'README.md'), '# not looked at');
    writeFileSync(
      join(folder, 'advisories', 'deep', 'one.json.gz'),
      gzipSync(JSON.stringify(osv('CVE-2026-4', 'busybox', '1.30.1-r2'))),
    );
    for (const run of ['first', 'second']) {
      const { report, err } = await scan(...ALL);
      expect(
        report?.findings.map(({ id }) => id),
        run,
      ).toEqual(['CVE-2026-4', 'CVE-2026-1', 'CVE-2026-2']);
      const problems = report?.advisories.sources.flatMap(({ name, problem }) =>
        problem ? [[name, problem.kind]] : [],
      );
      expect(Object.fromEntries(problems ?? [])).toEqual({
        'kev.jsonl': 'malformed',
        'broken.jsonl': 'broken',
      });
      expect(err).toContain('kev.jsonl');
    }
  });

  it('that break off are no reason to call anything clean, the first time or later', async () => {
    const { scan, folder } = await setUp();
    const failing = async () =>
      (await scan('oci:images:a', '--advisories', 'advisories', '--fail-on', 'critical')).code;
    expect(await failing()).toBe(0);
    writeFileSync(join(folder, 'advisories', 'npm.jsonl'), '{"id":');
    expect([await failing(), await failing()]).toEqual([1, 1]);
    writeFileSync(join(folder, 'advisories', 'npm.jsonl'), '{"else":1}');
    expect(await failing()).toBe(0);
  });

  it('are compiled again when a file changes, comes or goes, and not else', async () => {
    const { ids, write, folder } = await setUp();
    expect(await ids(...ALL)).toEqual(['CVE-2026-1', 'CVE-2026-2']);
    appendFileSync(join(folder, 'advisories', 'alpine.jsonl'), `${JSON.stringify(osv('CVE-2026-5', 'zlib', '2'))}\n`);
    expect(await ids(...ALL)).toEqual(['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-5']);
    write('alpine.jsonl', [osv('CVE-2026-1', 'musl', '1.1.22-r3')]);
    write('more.jsonl', [osv('CVE-2026-6', 'zlib', '2')]);
    expect(await ids(...ALL)).toEqual(['CVE-2026-1', 'CVE-2026-6']);
    rmSync(join(folder, 'advisories', 'alpine.jsonl'));
    expect(await ids(...ALL)).toEqual(['CVE-2026-6']);
  });

  it('are believed to have lost most of what they said: a person has put them there', async () => {
    const { ids, write } = await setUp();
    const many = Array.from({ length: 60 }, (_, i) => osv(`CVE-2026-${100 + i}`, 'musl', '9'));
    write('alpine.jsonl', many);
    expect(await ids(...ALL)).toHaveLength(60);
    write('alpine.jsonl', many.slice(0, 1));
    expect(await ids(...ALL)).toEqual(['CVE-2026-100']);
  });

  it('are forgotten when their file turns out to be broken later', async () => {
    const { ids, scan, write, folder } = await setUp();
    write('more.jsonl', [osv('CVE-2026-6', 'zlib', '2')]);
    expect(await ids(...ALL)).toEqual(['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-6']);
    writeFileSync(join(folder, 'advisories', 'more.jsonl'), '{"id":');
    const { report, err } = await scan(...ALL);
    expect(report?.findings.map(({ id }) => id)).toEqual(['CVE-2026-1', 'CVE-2026-2']);
    expect(err).toContain('more.jsonl is left out');
  });

  it('are the same without a cache, with a damaged one, and with one that cannot be written', async () => {
    const { ids, folder } = await setUp();
    const right = await ids(...ALL);
    expect(await ids(...ALL, '--no-cache')).toEqual(right);
    const cache = join(folder, 'cache', 'lading', 'advisories');
    const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(2);
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name);
      writeFileSync(path, 'damaged');
      expect(await ids(...ALL), name).toEqual(right);
      rmSync(path, { force: true });
      expect(await ids(...ALL), name).toEqual(right);
    }
    rmSync(join(folder, 'cache'), { recursive: true });
    writeFileSync(join(folder, 'cache'), 'no folder');
    expect(await ids(...ALL)).toEqual(right);
  });

  it('are told apart where two folders have files of one name', async () => {
    const { scan, folder } = await setUp();
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other', 'alpine.jsonl'), JSON.stringify(osv('CVE-2026-7', 'zlib', '2')));
    const { report } = await scan(...ALL, 'other');
    expect(report?.findings.map(({ id }) => id)).toEqual(['CVE-2026-1', 'CVE-2026-2', 'CVE-2026-7']);
    expect(new Set(report?.advisories.sources.map(({ name }) => name)).size).toBe(2);
  });
});
