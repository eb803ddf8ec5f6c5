import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import { type Bom, readBom, writeBom } from '../../../../lib/formats/cyclonedx/index.ts';

const bom = (timestamp = '2026-01-01T00:00:00.000Z'): Bom => ({
  metadata: {
    timestamp,
    tool: { name: 'lading', version: '1' },
    component: { bomRef: 'root', type: 'container', name: 'image', version: 'sha256:00' },
  },
  components: [
    {
      bomRef: 'b',
      type: 'library',
      group: '@scope',
      name: 'b',
      version: '1',
      supplier: 'Someone',
      purl: 'pkg:npm/%40scope/b@1',
      licenses: [
        { kind: 'id', id: 'MIT' },
        { kind: 'expression', expression: 'MIT OR ISC' },
      ],
      properties: [
        { name: 'z', value: '2' },
        { name: 'a', value: '1' },
      ],
    },
    { bomRef: 'a', type: 'library', name: 'a', licenses: [{ kind: 'expression', expression: 'MIT OR ISC' }] },
  ],
  dependencies: new Map([
    ['root', ['b', 'a', 'b']],
    ['a', []],
  ]),
  completeness: 'complete',
});

describe('a CycloneDX document', () => {
  it('has the same bytes for the same content in any order, and its serial number leaves the time out', () => {
    const shuffled = { ...bom(), components: bom().components.toReversed() };
    expect(writeBom(shuffled)).toBe(writeBom(bom()));
    const later = JSON.parse(writeBom(bom('2027-01-01T00:00:00.000Z')));
    const now = JSON.parse(writeBom(bom()));
    expect(later.serialNumber).toBe(now.serialNumber);
    expect(now.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const other = { ...bom(), completeness: 'incomplete' as const };
    expect(JSON.parse(writeBom(other)).serialNumber).not.toBe(now.serialNumber);
  });

  it('has the fields where the schema wants them', () => {
    expect(JSON.parse(writeBom(bom()))).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: {
        timestamp: '2026-01-01T00:00:00.000Z',
        tools: { components: [{ type: 'application', name: 'lading', version: '1' }] },
        component: { type: 'container', 'bom-ref': 'root', name: 'image' },
      },
      components: [
        { 'bom-ref': 'a', licenses: [{ expression: 'MIT OR ISC' }] },
        {
          'bom-ref': 'b',
          supplier: { name: 'Someone' },
          group: '@scope',
          licenses: [{ license: { id: 'MIT' } }, { license: { name: 'MIT OR ISC' } }],
          properties: [
            { name: 'a', value: '1' },
            { name: 'z', value: '2' },
          ],
        },
      ],
      dependencies: [{ ref: 'root', dependsOn: ['a', 'b'] }],
      compositions: [{ aggregate: 'complete', assemblies: ['root'] }],
    });
  });

  it('is read back', () => {
    const read = readBom(writeBom(bom()));
    expect(read).toMatchObject({ specVersion: '1.6', subject: { name: 'image', type: 'container' } });
    expect(read.components.map((one) => [one.bomRef, one.licenses, one.properties.get('z')])).toEqual([
      ['a', ['MIT OR ISC'], undefined],
      ['b', ['MIT', 'MIT OR ISC'], '2'],
    ]);
    expect(read.dependencies.get('root')).toEqual(['a', 'b']);
  });

  it('of a stranger is read with components in components, odd licences and keys that are only data', () => {
    const document = `{"bomFormat":"CycloneDX","specVersion":"1.4","__proto__":{"polluted":1},"components":[
      {"type":"library","name":"outer","licenses":"odd","components":[{"type":"library","name":"inner","version":"2"}]},
      {"type":"library","name":"next","licenses":[{"license":{"id":"MIT"}},{"expression":"A OR B"}],
       "properties":[{"name":"__proto__","value":"x"},{"name":"p","value":"1"},{"name":"p","value":"2"}]}]}`;
    const { components } = readBom(document);
    expect(components.map((one) => one.name)).toEqual(['outer', 'inner', 'next']);
    expect(components[2]?.licenses).toEqual(['MIT', 'A OR B']);
    expect(components[2]?.properties.get('p')).toBe('1');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('that is none, or too large, is refused with a type', () => {
    const code = (text: string, maxComponents?: number): string => {
      try {
        readBom(text, maxComponents === undefined ? {} : { maxComponents });
        return 'none';
      } catch (error) {
        return error instanceof LadingError ? error.code : 'untyped';
      }
    };
    expect(code('{')).toBe('json-invalid');
    expect(code('{"spdxVersion":"SPDX-2.3"}')).toBe('cyclonedx-invalid');
    expect(code('{"bomFormat":"CycloneDX","specVersion":"2.0"}')).toBe('cyclonedx-invalid');
    expect(code('{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"x"}]}')).toBe('cyclonedx-invalid');
    expect(
      code(`{"bomFormat":"CycloneDX","specVersion":"1.5","components":${'['.repeat(200)}${']'.repeat(200)}}`),
    ).toBe('json-invalid');
    expect(code(writeBom(bom()), 1)).toBe('limit-exceeded');
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(['none', 'json-invalid', 'cyclonedx-invalid']).toContain(
          code(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[${text}]}`),
        );
      }),
    );
  });
});
