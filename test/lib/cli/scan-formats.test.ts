import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readVex } from '../../../lib/formats/vex/index.ts';
import { lading, temporaryFolder } from './support.ts';

const HOSTILE = '<img src=x onerror=alert(1)>"\'\u202e';

const osv = (id: string, name: string, fixed: string | undefined, severity = 'HIGH') => ({
  ...{ id, aliases: [`GHSA-${id}`], modified: '2026-01-01T00:00:00Z', database_specific: { severity } },
  affected: [
    {
      package: { ecosystem: 'npm', name },
      ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, ...(fixed ? [{ fixed }] : [])] }],
    },
  ],
});

function setUp() {
  const folder = temporaryFolder();
  const write = (name: string, value: unknown): void => writeFileSync(join(folder, name), JSON.stringify(value));
  write('sbom.json', {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { type: 'container', name: 'app', version: `sha256:${'a'.repeat(64)}` } },
    components: [
      { type: 'library', 'bom-ref': 'ref-left', name: 'left', version: '1.0.0', purl: 'pkg:npm/left@1.0.0' },
      { type: 'library', 'bom-ref': 'ref-right', name: HOSTILE, version: '1.0.0', purl: 'pkg:npm/right@1.0.0' },
    ],
  });
  writeFileSync(
    join(folder, 'npm.jsonl'),
    [osv('CVE-2026-1001', 'left', '1.0.1'), osv('CVE-2026-1002', 'right', undefined, 'LOW')]
      .map((one) => JSON.stringify(one))
      .join('\n'),
  );
  write('vex.json', {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex',
    author: `team ${HOSTILE}`,
    timestamp: '2026-01-01T00:00:00Z',
    version: 1,
    statements: [
      {
        vulnerability: { name: 'GHSA-CVE-2026-1001' },
        products: [{ '@id': 'pkg:npm/left' }],
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
      },
    ],
  });
  const scan = (...args: string[]) => lading(['scan', 'sbom.json', '--advisories', 'npm.jsonl', ...args], folder);
  return { folder, write, scan };
}

const VEX = ['--vex', 'vex.json'];

describe('lading scan with VEX', () => {
  it('takes settled findings out of what fails, and keeps them to be seen', async () => {
    const { scan } = setUp();
    expect((await scan('--fail-on', 'high')).code).toBe(1);
    const { code, out } = await scan('--fail-on', 'high', ...VEX, '-o', 'json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      findings: [{ id: 'CVE-2026-1002' }],
      suppressed: [
        { id: 'CVE-2026-1001', vex: { status: 'not_affected', justification: 'vulnerable_code_not_present' } },
      ],
    });
  });

  it('does not go on without a VEX document that was asked for', async () => {
    const { scan, write } = setUp();
    write('other.json', { hello: 'world' });
    expect((await scan('--vex', 'other.json')).code).toBe(2);
    expect((await scan('--vex', 'nowhere.json')).code).toBe(2);
  });
});

/** What SARIF 2.1.0 requires of the members that are used; anything else in them is refused. */
const sarif = z.object({
  version: z.literal('2.1.0'),
  runs: z.tuple([
    z.object({
      tool: z.object({
        driver: z.object({ name: z.string(), rules: z.array(z.object({ id: z.string(), properties: z.unknown() })) }),
      }),
      results: z.array(
        z.object({
          ruleId: z.string(),
          ruleIndex: z.int().nonnegative(),
          level: z.enum(['error', 'warning', 'note', 'none']),
          message: z.object({ text: z.string().min(1) }),
          locations: z.array(
            z.object({ physicalLocation: z.object({ artifactLocation: z.object({ uri: z.string().min(1) }) }) }),
          ),
          partialFingerprints: z.record(z.string(), z.string()),
          suppressions: z.array(z.object({ kind: z.literal('external'), status: z.literal('accepted') })).optional(),
        }),
      ),
    }),
  ]),
});

describe('lading scan -o', () => {
  it('sarif: a result for each finding, its rule by index, and suppressions for what VEX settled', async () => {
    const { scan } = setUp();
    const { runs } = sarif.parse(JSON.parse((await scan('-o', 'sarif', ...VEX)).out));
    const [{ tool, results }] = runs;
    expect(results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ['CVE-2026-1002', 'note'],
      ['CVE-2026-1001', 'error'],
    ]);
    for (const one of results) expect(tool.driver.rules[one.ruleIndex]?.id).toBe(one.ruleId);
    expect(results.map(({ suppressions }) => suppressions?.length)).toEqual([undefined, 1]);
    expect(tool.driver.rules.map(({ properties }) => properties)).toEqual([
      { 'security-severity': '2.0', tags: ['security', 'vulnerability', 'low'] },
      { 'security-severity': '8.0', tags: ['security', 'vulnerability', 'high'] },
    ]);
  });

  it('cyclonedx: vulnerabilities that point at the components of the document, with their analysis', async () => {
    const { scan, folder } = setUp();
    const { out } = await scan('-o', 'cyclonedx', ...VEX);
    expect(JSON.parse(out)).toMatchObject({
      components: [{ 'bom-ref': 'ref-left' }, { 'bom-ref': 'ref-right' }],
      vulnerabilities: [
        { id: 'CVE-2026-1002', affects: [{ ref: 'ref-right' }], ratings: [{ severity: 'low' }] },
        {
          id: 'CVE-2026-1001',
          affects: [{ ref: 'ref-left' }],
          analysis: { state: 'not_affected', justification: 'code_not_present' },
        },
      ],
    });
    // What it says can be gone by.
    writeFileSync(join(folder, 'again.json'), out);
    const again = await scan('--vex', 'again.json', '-o', 'json');
    expect(JSON.parse(again.out)).toMatchObject({ suppressed: [{ id: 'CVE-2026-1001' }] });
  });

  it('openvex: what nobody looked at is under investigation; nothing is no document', async () => {
    const { scan, folder } = setUp();
    const { statements } = readVex((await scan('-o', 'openvex', ...VEX)).out);
    expect(statements.map(({ ids, status }) => [ids[0], status])).toEqual([
      ['CVE-2026-1002', 'under_investigation'],
      ['CVE-2026-1001', 'not_affected'],
    ]);
    writeFileSync(join(folder, 'npm.jsonl'), JSON.stringify(osv('CVE-2026-1003', 'else', undefined)));
    expect(await scan('-o', 'openvex')).toMatchObject({ code: 0, out: '' });
  });

  it('html: nothing of what is foreign becomes markup, and nothing may run or load', async () => {
    const { scan } = setUp();
    const { out } = await scan('-o', 'html', ...VEX);
    expect(out).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(out).not.toContain('<img');
    expect(out).not.toContain('\u202e');
    expect(out).toMatch(
      /<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;sha256-/,
    );
    expect(out).not.toMatch(/<script|javascript:|style=/i);
  });
});
