import { describe, expect, it } from 'vitest';
import { parseSecdb } from '../../../../lib/formats/alpine-secdb/index.ts';

const document = (secfixes: unknown) => ({
  distroversion: 'v3.10',
  reponame: 'main',
  packages: [{ pkg: { name: 'openssl', secfixes } }],
});
const fixesOf = (secfixes: unknown) => parseSecdb(document(secfixes)).fixes.map(({ fixed, ids }) => [fixed, ids]);

describe('parseSecdb', () => {
  it('reads which version of a source package fixes what', () => {
    expect(parseSecdb(document({ '1.1.1d-r0': ['CVE-2019-1547', 'CVE-2019-1549'] }))).toEqual({
      release: 'v3.10',
      repository: 'main',
      urlPrefix: undefined,
      fixes: [
        { package: 'openssl', fixed: '1.1.1d-r0', ids: ['CVE-2019-1547'] },
        { package: 'openssl', fixed: '1.1.1d-r0', ids: ['CVE-2019-1549'] },
      ],
    });
  });

  it('takes version 0 for "never affected"', () => {
    expect(fixesOf({ '0': ['CVE-2016-1'], '1.0-r0': ['CVE-2017-1000'] })).toEqual([['1.0-r0', ['CVE-2017-1000']]]);
  });

  it('keeps the later of two versions that fix the same', () => {
    expect(fixesOf({ '1.0-r9': ['CVE-2017-1000'], '1.0-r10': ['CVE-2017-1000'], '0.9-r0': ['CVE-2017-1000'] })).toEqual(
      [['1.0-r10', ['CVE-2017-1000']]],
    );
  });

  it('reads lines as people write them', () => {
    expect(fixesOf({ '1-r0': ['CVE-2019-5060 TALOS-2019-0844'] })).toEqual([
      ['1-r0', ['CVE-2019-5060', 'TALOS-2019-0844']],
    ]);
    expect(fixesOf({ '1-r0': ['CVE_2019-2426', 'CVE-2017-17434-1', 'CVE-2019-19451.patch', 'XSA-312'] })).toEqual([
      ['1-r0', ['CVE-2019-2426']],
      ['1-r0', ['CVE-2017-17434']],
      ['1-r0', ['CVE-2019-19451']],
      ['1-r0', ['XSA-312']],
    ]);
    // Two CVE ids in one line are two vulnerabilities, however close.
    expect(fixesOf({ '1-r0': ['CVE-2017-1000 CVE-2017-1001 XSA-1 (regression)'] })).toEqual([
      ['1-r0', ['CVE-2017-1000']],
      ['1-r0', ['CVE-2017-1001']],
    ]);
    expect(fixesOf({ '1-r0': ['see the changelog', ''], '2-r0': null })).toEqual([]);
  });

  it('takes absent lists for empty ones', () => {
    expect(parseSecdb({ reponame: 'os', packages: null }).fixes).toEqual([]);
    expect(fixesOf(null)).toEqual([]);
  });

  it.each([null, [], {}, { reponame: 'main', packages: [{ name: 'x' }] }, document({ '1': ['ok', 5] }), document('x')])(
    'refuses %j',
    (value) => {
      expect(() => parseSecdb(value)).toThrow(expect.objectContaining({ code: 'secdb-invalid' }));
    },
  );
});
