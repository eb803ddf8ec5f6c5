import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCpe } from '../../../../lib/formats/cpe/index.ts';
import { cpeOfDistro, listCpes } from '../../../../lib/sbom/cpe/list-cpes.ts';
import { readSbom, writeSbom } from '../../../../lib/sbom/index.ts';
import { toBom } from '../../../../lib/sbom/to-cyclonedx.ts';
import { sbomArbitrary } from '../formats/arbitrary-sbom.ts';

const named = (cpe: string) => cpe.split(':').slice(3, 6).join(':');
const of = (type: string, name: string, version: string, more: { source?: { name: string }; supplier?: string } = {}) =>
  listCpes({ type, name, version, ...more }).map(named);

describe('candidates for a CPE', () => {
  it('begin with what is known of the product, by the source that a package was built from', () => {
    expect(of('deb', 'libssl3', '3.0.17-1~deb12u2', { source: { name: 'openssl' } })[0]).toBe('openssl:openssl:3.0.17');
    expect(of('deb', 'libc6', '2.36-9+deb12u10', { source: { name: 'glibc' } })[0]).toBe('gnu:glibc:2.36');
    expect(of('rpm', 'curl-minimal', '1:7.76.1-26.el9', { source: { name: 'curl' } })[0]).toBe('haxx:curl:7.76.1');
    expect(of('apk', 'libcurl', '8.9.0-r1', { source: { name: 'curl' } })[0]).toBe('haxx:curl:8.9.0');
    expect(of('deb', 'python3.11', '3.11.2-6').slice(0, 2)).toEqual([
      'python:python:3.11.2',
      'python_software_foundation:python:3.11.2',
    ]);
    expect(of('generic', 'node', '22.1.0')[0]).toBe('nodejs:node.js:22.1.0');
    expect(of('generic', 'httpd', '2.4.62')[0]).toBe('apache:http_server:2.4.62');
  });

  it('follow the names of their ecosystem', () => {
    expect(of('maven', 'org.apache.logging.log4j:log4j-core', '2.14.1')[0]).toBe('apache:log4j:2.14.1');
    expect(of('maven', 'com.fasterxml.jackson.core:jackson-databind', '2.9.8')[0]).toBe(
      'fasterxml:jackson-databind:2.9.8',
    );
    expect(of('maven', 'org.example.widgets:widget-core', '1')).toEqual([
      'example:widget-core:1',
      'example:widget_core:1',
      'example:widgets:1',
      'widget-core:widget-core:1',
      'widget_core:widget_core:1',
      'widget-core_project:widget-core:1',
    ]);
    expect(of('npm', '@angular/core', '1.0.0')[0]).toBe('angular:core:1.0.0');
    expect(of('npm', 'lodash', '4.17.4')).toEqual(['lodash:lodash:4.17.4', 'lodash_project:lodash:4.17.4']);
    expect(of('pypi', 'Django', '3.2.0')[0]).toBe('djangoproject:django:3.2.0');
    expect(of('pypi', 'some_tool', '1', { supplier: 'Jane Doe <jane@example.org>' })).toContain('jane_doe:some-tool:1');
    expect(of('golang', 'github.com/rakyll/hey', 'v0.1.4')[0]).toBe('rakyll:hey:0.1.4');
    expect(of('golang', 'github.com/owner/repo/sub/v2', 'v2.0.0')[0]).toBe(String.raw`owner:repo\/sub:2.0.0`);
    expect(of('golang', 'stdlib', '1.21.0')[0]).toBe('golang:go:1.21.0');
    expect(of('golang', 'stdlib', 'go1.21.0')[0]).toBe('golang:go:1.21.0');
    expect(of('golang', 'command-line-arguments', '1')).toEqual([]);
    expect(of('composer', 'twig/twig', '3.0.0')[0]).toBe('twig:twig:3.0.0');
    expect(of('nuget', 'System.Text.Json', '8.0.0')[0]).toBe('microsoft:system.text.json:8.0.0');
    expect(of('gem', 'activesupport', '6.1.7')[0]).toBe('rubyonrails:rails:6.1.7');
  });

  it('name the software that a package is for where databases do, and the kernel as an operating system', () => {
    expect(listCpes({ type: 'cargo', name: 'time', version: '0.1.43' })[0]).toBe(
      'cpe:2.3:a:time_project:time:0.1.43:*:*:*:*:rust:*:*',
    );
    expect(listCpes({ type: 'linux-kernel', name: 'linux-kernel', version: '6.1.0-18-amd64' })).toEqual([
      'cpe:2.3:o:linux:linux_kernel:6.1.0:*:*:*:*:*:*:*',
    ]);
  });

  it('are none for models, WebAssembly and what has no version', () => {
    for (const type of ['model', 'wasm']) expect(of(type, 'x', '1')).toEqual([]);
    expect(of('maven', 'web', '')).toEqual([]);
  });

  it('are few, different and well-formed, whatever the names', () => {
    const type = fc.constantFrom(
      'npm',
      'pypi',
      'maven',
      'golang',
      'composer',
      'nuget',
      'gem',
      'cargo',
      'deb',
      'rpm',
      'generic',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.stringMatching(/^[@\w./:+-]{1,30}$/),
      fc.constantFrom('__proto__', 'constructor'),
    );
    fc.assert(
      fc.property(type, text, text, fc.option(text, { nil: undefined }), (kind, name, version, source) => {
        const cpes = listCpes({
          type: kind,
          name,
          version,
          supplier: source,
          ...(source ? { source: { name: source } } : {}),
        });
        expect(cpes.length).toBeLessThanOrEqual(8);
        expect(new Set(cpes).size).toBe(cpes.length);
        for (const cpe of cpes) expect(isCpe(cpe)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the CPE of a distribution', () => {
  it('is what it says itself, else its name in the dictionary', () => {
    expect(cpeOfDistro({ id: 'debian', versionId: '12' })).toBe('cpe:2.3:o:debian:debian_linux:12:*:*:*:*:*:*:*');
    expect(cpeOfDistro({ id: 'fedora', versionId: '40', cpe: 'cpe:/o:fedoraproject:fedora:40' })).toBe(
      'cpe:/o:fedoraproject:fedora:40',
    );
    expect(cpeOfDistro({ id: 'nobody', versionId: '1' })).toBeUndefined();
  });
});

describe('CPEs in documents', () => {
  it('are all read back, from each form, in no order of importance but for the first of CycloneDX', () => {
    fc.assert(
      fc.property(sbomArbitrary, (sbom) => {
        const options = { timestamp: '2026-01-02T03:04:05Z' };
        const wanted = sbom.packages.map((one) => [...(one.cpes ?? [])].sort()).sort();
        for (const format of ['cyclonedx-json', 'cyclonedx-xml', 'spdx-json', 'spdx-tag-value', 'native'] as const) {
          const version = format.startsWith('cyclonedx') ? '1.6' : format === 'native' ? '1' : '2.3';
          const read = readSbom(writeSbom(sbom, { format, version }, options)).packages;
          expect(read.map((one) => [...(one.cpes ?? [])].sort()).sort()).toEqual(wanted);
        }
        const first = new Map(toBom(sbom, options).components.map((one) => [one.bomRef, one.cpe]));
        for (const one of sbom.packages) expect(first.get(one.id)).toBe(one.cpes?.[0]);
      }),
      { numRuns: 30 },
    );
  });
});
