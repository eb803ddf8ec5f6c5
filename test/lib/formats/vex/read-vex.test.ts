import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readVex,
  type VexStatement,
  vexJustifications,
  vexStatuses,
  writeOpenVex,
} from '../../../../lib/formats/vex/index.ts';

const read = (value: unknown) => readVex(JSON.stringify(value));

describe('OpenVEX', () => {
  const document = (statements: readonly unknown[]) => ({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex-1',
    author: 'Example',
    timestamp: '2026-01-01T01:00:00+01:00',
    version: 1,
    statements,
  });

  it('gives each statement with the time that it inherits, and all names of its products', () => {
    const { statements, author } = read(
      document([
        {
          vulnerability: { '@id': 'https://nvd.example/CVE-2026-1', name: 'CVE-2026-1', aliases: ['GHSA-1'] },
          products: [
            {
              '@id': 'pkg:oci/app@sha256%3Aab',
              hashes: { 'sha-256': 'AB' },
              subcomponents: [{ identifiers: { purl: 'pkg:npm/left@1.0.0' } }],
            },
          ],
          status: 'not_affected',
          justification: 'vulnerable_code_not_present',
          impact_statement: 'left is not bundled',
        },
      ]),
    );
    expect(author).toBe('Example');
    expect(statements).toEqual([
      {
        ids: ['CVE-2026-1', 'GHSA-1'],
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
        detail: 'left is not bundled',
        action: undefined,
        time: '2026-01-01T00:00:00.000Z',
        products: [{ names: ['pkg:oci/app@sha256%3Aab', 'sha256:ab'], subcomponents: [['pkg:npm/left@1.0.0']] }],
      },
    ]);
  });

  it('reads version 0.0.1, which has texts where objects came later', () => {
    const { statements } = read({
      ...document([{ vulnerability: 'CVE-2026-1', products: ['pkg:apk/wolfi/git@1'], status: 'fixed' }]),
      '@context': 'https://openvex.dev/ns',
    });
    expect(statements[0]).toMatchObject({ ids: ['CVE-2026-1'], products: [{ names: ['pkg:apk/wolfi/git@1'] }] });
  });

  it('counts what it cannot understand instead of guessing at it', () => {
    const { statements, skipped } = read(
      document([{ vulnerability: { name: 'CVE-1' }, status: 'harmless' }, { status: 'fixed' }, 7]),
    );
    expect(statements).toEqual([]);
    expect(skipped).toBe(3);
  });

  it('reads what it writes', () => {
    const purl = fc.stringMatching(/^[a-z]{1,8}$/).map((name) => `pkg:npm/${name}@1.0.0`);
    const statement = fc.record<VexStatement>({
      ids: fc.uniqueArray(fc.stringMatching(/^CVE-20[0-9]{2}-[1-9][0-9]{3}$/), { minLength: 1, maxLength: 3 }),
      status: fc.constantFrom(...vexStatuses),
      justification: fc.constantFrom(...vexJustifications),
      detail: fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''),
      action: fc.constant('update it'),
      time: fc.constant('2026-01-01T00:00:00.000Z'),
      products: fc.array(
        fc.record({ names: fc.tuple(purl), subcomponents: fc.array(fc.tuple(purl), { maxLength: 2 }) }),
        {
          minLength: 1,
          maxLength: 2,
        },
      ),
    });
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 5 }), (statements) => {
        const text = writeOpenVex({ author: 'a', timestamp: '2026-02-01T00:00:00.000Z', tooling: 't', statements });
        const again = readVex(text);
        expect(again.skipped).toBe(0);
        expect(again.statements).toEqual(
          statements.map((one) => ({
            ...one,
            justification: one.status === 'not_affected' ? one.justification : undefined,
            action: one.status === 'affected' ? one.action : undefined,
          })),
        );
      }),
    );
  });

  it('has an id that follows from what is said', () => {
    const statements: VexStatement[] = [{ ids: ['CVE-1'], status: 'fixed', time: 't', products: [] }];
    const write = (timestamp: string, said = statements) =>
      (JSON.parse(writeOpenVex({ author: 'a', timestamp, tooling: 't', statements: said })) as { '@id': string })[
        '@id'
      ];
    expect(write('1')).toBe(write('2'));
    expect(write('1')).not.toBe(write('1', [{ ...(statements[0] as VexStatement), status: 'affected' }]));
  });
});

describe('CSAF', () => {
  /** In the form of section 5 of CSAF 2.0; the product tree is that of a distribution's module. */
  const csaf = {
    document: {
      category: 'csaf_vex',
      csaf_version: '2.0',
      publisher: { name: 'Example Distribution' },
      tracking: { id: 'cve-2026-1', current_release_date: '2026-03-01T00:00:00Z' },
    },
    product_tree: {
      branches: [
        {
          category: 'vendor',
          name: 'Example',
          branches: [
            {
              product: {
                product_id: 'os-9',
                name: 'OS 9',
                product_identification_helper: { cpe: 'cpe:/o:example:os:9' },
              },
            },
            {
              product: {
                product_id: 'ssl',
                name: 'ssl',
                product_identification_helper: { purl: 'pkg:rpm/example/ssl?arch=src' },
              },
            },
          ],
        },
      ],
      relationships: [
        {
          category: 'default_component_of',
          product_reference: 'ssl',
          relates_to_product_reference: 'os-9',
          full_product_name: { product_id: 'os-9:ssl', name: 'ssl of OS 9' },
        },
      ],
      product_groups: [{ group_id: 'g', product_ids: ['os-9:ssl'] }],
    },
    vulnerabilities: [
      {
        cve: 'CVE-2026-1',
        product_status: { known_not_affected: ['os-9:ssl', 'unknown-id'], fixed: ['ssl'], recommended: ['os-9'] },
        flags: [{ label: 'component_not_present', group_ids: ['g'] }],
        threats: [{ category: 'impact', details: 'not built in', product_ids: ['os-9:ssl'] }],
      },
      { title: 'without an id', product_status: {} },
    ],
  };

  it('follows relationships, groups and flags; products that the tree does not know are left out', () => {
    const { statements, skipped, author } = read(csaf);
    expect(author).toBe('Example Distribution');
    expect(skipped).toBe(1);
    expect(statements).toEqual([
      expect.objectContaining({
        ids: ['CVE-2026-1'],
        status: 'not_affected',
        justification: 'component_not_present',
        detail: 'not built in',
        time: '2026-03-01T00:00:00.000Z',
        products: [
          { names: ['cpe:/o:example:os:9', 'OS 9'], subcomponents: [['pkg:rpm/example/ssl?arch=src', 'ssl']] },
        ],
      }),
      expect.objectContaining({
        status: 'fixed',
        products: [{ names: ['pkg:rpm/example/ssl?arch=src', 'ssl'], subcomponents: [] }],
      }),
    ]);
  });
});

describe('CycloneDX', () => {
  const bom = (vulnerabilities: readonly unknown[]) => ({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: 'urn:uuid:0',
    version: 2,
    metadata: {
      timestamp: '2026-01-02T00:00:00Z',
      component: { type: 'container', 'bom-ref': 'app', name: 'app', purl: 'pkg:oci/app@sha256%3Aab' },
    },
    components: [{ type: 'library', 'bom-ref': 'left', name: 'left', purl: 'pkg:npm/left@1.0.0' }],
    vulnerabilities,
  });

  it('reads analyses and resolves what they affect; a finding without one says nothing', () => {
    const { statements, skipped, id } = read(
      bom([
        {
          id: 'CVE-2026-1',
          references: [{ id: 'GHSA-1', source: {} }],
          analysis: { state: 'not_affected', justification: 'code_not_reachable', detail: 'never called' },
          affects: [{ ref: 'left' }, { ref: 'app' }],
        },
        { id: 'CVE-2026-2', affects: [{ ref: 'left' }] },
      ]),
    );
    expect(id).toBe('urn:uuid:0/2');
    expect(skipped).toBe(1);
    expect(statements).toEqual([
      expect.objectContaining({
        ids: ['CVE-2026-1', 'GHSA-1'],
        status: 'not_affected',
        justification: 'vulnerable_code_not_in_execute_path',
        detail: 'never called',
        products: [
          { names: ['pkg:oci/app@sha256%3Aab', 'app'], subcomponents: [['pkg:npm/left@1.0.0', 'left']] },
          { names: ['pkg:oci/app@sha256%3Aab', 'app'], subcomponents: [] },
        ],
      }),
    ]);
  });

  it.each([
    ['resolved', 'fixed'],
    ['exploitable', 'affected'],
    ['in_triage', 'under_investigation'],
    ['false_positive', 'not_affected'],
  ])('takes %s for %s', (state, status) => {
    const { statements } = read(
      bom([{ id: 'CVE-1', analysis: { state }, affects: [{ ref: 'urn:cdx:x/1#pkg:npm%2Fleft' }] }]),
    );
    expect(statements[0]).toMatchObject({ status, products: [{ subcomponents: [['pkg:npm/left']] }] });
  });
});

describe('any document', () => {
  it('is refused when it is of none of the three forms', () => {
    for (const value of [
      null,
      7,
      [],
      {},
      { document: {} },
      { bomFormat: 'CycloneDX' },
      { '@context': 'https://schema.org' },
    ]) {
      expect(() => read(value), JSON.stringify(value)).toThrow(expect.objectContaining({ code: 'vex-invalid' }));
    }
    expect(() => readVex('{"document":1,"document":2}')).toThrow(expect.objectContaining({ code: 'json-invalid' }));
  });

  it('never gives anything but a document or an error of ours', () => {
    const hostile = fc.jsonValue({ maxDepth: 4 });
    const frames = fc.constantFrom<(value: unknown) => unknown>(
      (value) => ({ '@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'x', author: 'a', statements: [value] }),
      (value) => ({ bomFormat: 'CycloneDX', vulnerabilities: [value], components: [value] }),
      (value) => ({
        document: { category: 'csaf_vex', csaf_version: '2.0', publisher: { name: 'p' }, tracking: { id: 'i' } },
        product_tree: { branches: [value] },
        vulnerabilities: [value],
      }),
    );
    fc.assert(
      fc.property(frames, hostile, (frame, value) => {
        expect(Array.isArray(read(frame(value)).statements)).toBe(true);
      }),
    );
  });
});
