import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuditData } from '../../../../../lib/sbom/catalogers/rust/parse-audit-data.ts';
import { writeElf, writePe } from '../../../formats/executable/write-executable.ts';
import { sbomOf } from '../packages-of.ts';

const pack = (document: unknown): Buffer => deflateSync(JSON.stringify(document));
const audited = (document: unknown): Buffer => writeElf([{ name: '.dep-v0', content: pack(document) }]);

const document = {
  packages: [
    { name: 'tool', version: '0.3.1', source: 'local', dependencies: [1, 2], root: true },
    { name: 'regex', version: '1.5.4', source: 'crates.io' },
    { name: 'cc', version: '1.0.0', source: 'crates.io', kind: 'build' },
  ],
};

describe('Rust programs', () => {
  it('are the crates that cargo-auditable lists, without those of the build', async () => {
    const sbom = await sbomOf([
      { path: 'usr/local/bin/tool', content: audited(document), mode: 0o755 },
      { path: 'app/tool.exe', content: writePe([{ name: '.dep-v0', content: pack(document) }]) },
    ]);
    expect(sbom.outcome).toBe('complete');
    // The program for Windows is one by itself, too.
    const crates = sbom.packages.filter(({ type }) => type === 'cargo');
    expect(crates.map(({ id, dependencies, locations }) => [id, dependencies, locations.length])).toEqual([
      ['pkg:cargo/regex@1.5.4', [], 2],
      ['pkg:cargo/tool@0.3.1', ['pkg:cargo/regex@1.5.4'], 2],
    ]);
  });

  it('with a list that cannot be read leave a gap', async () => {
    const sbom = await sbomOf([
      { path: 'a', content: writeElf([{ name: '.dep-v0', content: Buffer.from('no zlib') }]) },
    ]);
    expect(sbom.outcome).toBe('unreadable');
    expect(sbom.gaps).toMatchObject([{ code: 'cargo-auditable-unreadable', path: 'a' }]);
  });

  it('do not unpack without end', () => {
    expect(() => parseAuditData(deflateSync(Buffer.alloc(9 * 1024 ** 2)))).toThrow();
  });

  it('give a list or an error for any document', () => {
    const either = (bytes: Uint8Array): boolean => {
      try {
        return parseAuditData(bytes).every(({ name }) => name !== '');
      } catch {
        return true;
      }
    };
    fc.assert(
      fc.property(fc.json(), (text) =>
        either(deflateSync(`{"packages":[{"name":"a","version":"1","dependencies":${text}}]}`)),
      ),
    );
    fc.assert(fc.property(fc.uint8Array(), either));
  });
});
