import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOriginPolicy } from '../../../../lib/registry/adapters/http/origin-policy.ts';
import { parseChallenges } from '../../../../lib/registry/adapters/http/parse-challenge.ts';
import { parseNextLink } from '../../../../lib/registry/adapters/http/parse-link.ts';
import { registryEntrySchema } from '../../../../lib/registry/model.ts';

const TOKEN_CHARACTERS = [..."!#$%&'*+.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-"];
const token = fc.array(fc.constantFrom(...TOKEN_CHARACTERS), { minLength: 1, maxLength: 12 }).map((c) => c.join(''));
const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
/** Header values are bytes, which node hands over as Latin-1. */
const latin1 = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const text = fc.string({ maxLength: 40, unit: 'grapheme-ascii' });

describe('WWW-Authenticate', () => {
  const read = (header: string) =>
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

  it.each([
    [
      'Bearer realm="https://auth.example/token",service="r",scope="repository:a:pull,push"',
      [['bearer', { realm: 'https://auth.example/token', service: 'r', scope: 'repository:a:pull,push' }]],
    ],
    [
      'Basic realm="x", Bearer realm="y", service=z',
      [
        ['basic', { realm: 'x' }],
        ['bearer', { realm: 'y', service: 'z' }],
      ],
    ],
    [
      'Negotiate, Basic realm="a \\"quoted\\" name"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a "quoted" name' }],
      ],
    ],
    [
      'Negotiate dG9rZW4=, BEARER REALM = "x"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'x' }],
      ],
    ],
    ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
    ['Basic', [['basic', {}]]],
    ['', []],
    [', ,', []],
    ['"quoted"', []],
    ['Bearer realm="never ends', [['bearer', {}]]],
  ])('reads %s', (header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it('reads back whatever is written', () => {
    const parameters = fc.uniqueArray(fc.tuple(token, text), {
      selector: ([name]) => name.toLowerCase(),
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(token, parameters), { minLength: 1, maxLength: 4 }), (challenges) => {
        const header = challenges
          .map(([scheme, all]) => `${scheme} ${all.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}`)
          .join(', ');
        const expected = challenges.map(([scheme, all]) => [
          scheme.toLowerCase(),
          Object.fromEntries(all.map(([name, value]) => [name.toLowerCase(), value])),
        ]);
        expect(read(header)).toEqual(expected);
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(latin1, (any) => void parseChallenges(any)));
    expect(parseChallenges(`Bearer ${'a='.repeat(100_000)}`).length).toBeLessThan(20);
    expect(parseChallenges('x,'.repeat(100_000))).toHaveLength(16);
  });
});

describe('Link', () => {
  it.each([
    ['</v2/a/tags/list?last=b&n=5>; rel="next"', '/v2/a/tags/list?last=b&n=5'],
    ['<https://r.example/v2/x>; rel=next', 'https://r.example/v2/x'],
    ['</prev>; rel="prev", </next>; title="a, b; c"; rel="last next"', '/next'],
    ['</a>; REL=NEXT', '/a'],
    ['</a>; rel=prev; rel=next', undefined],
    ['</a>', undefined],
    ['/a; rel=next', undefined],
    ['<unfinished; rel=next', undefined],
    ['', undefined],
  ])('reads %s', (header, expected) => {
    expect(parseNextLink(header)).toBe(expected);
  });

  it('finds the next link among others', () => {
    const target = fc.stringMatching(/^(?:https:\/\/[a-z]{1,8})?\/[a-z0-9?&=%.,;_~-]{0,40}$/);
    const other = fc.tuple(target, fc.constantFrom('prev', 'first', 'self'));
    fc.assert(
      fc.property(fc.array(other, { maxLength: 4 }), target, fc.boolean(), text, (others, next, quoted, title) => {
        const links = others.map(([url, rel]) => `<${url}>; rel="${rel}"; title=${quote(title)}`);
        links.push(`<${next}>; title=${quote(title)}; rel=${quoted ? '"next"' : 'next'}`);
        expect(parseNextLink(links.join(', '))).toBe(next);
      }),
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(latin1, (any) => void parseNextLink(any)));
    expect(parseNextLink(`${'<a>;'.repeat(50_000)}`)).toBeUndefined();
  });
});

describe('the allow-list of a registry', () => {
  const policy = createOriginPolicy({
    base: new URL('https://r.example'),
    allowHosts: ['auth.example', '*.cdn.example', 'other.example:8443'],
    allowInsecure: false,
    allowPrivate: false,
  });
  const allows = (url: string): boolean => {
    try {
      policy.check(new URL(url), 'test');
      return true;
    } catch {
      return false;
    }
  };

  it.each([
    ['https://r.example/x', true],
    ['https://R.EXAMPLE/x', true],
    ['https://auth.example/token', true],
    ['https://a.cdn.example/x', true],
    ['https://a.b.cdn.example/x', true],
    ['https://other.example:8443/x', true],
    ['https://other.example/x', false],
    ['https://cdn.example/x', false],
    ['https://evilcdn.example/x', false],
    ['https://auth.example.evil.example/x', false],
    ['https://auth.example:444/x', false],
    ['http://r.example/x', false],
    ['https://r.example:8443/x', false],
    ['https://user@r.example/x', false],
    ['https://r.example.:443/x', false],
  ])('%s: %s', (url, expected) => {
    expect(allows(url)).toBe(expected);
  });

  it.each(['*', '*.com', '*.', 'a b', 'https://a.example', 'a.example/x', 'a.example:99999999', '**.a.example'])(
    'does not take %s for a host',
    (host) => {
      const entry = { kind: 'distribution', host: 'r.example', allowHosts: [host] };
      expect(registryEntrySchema.safeParse(entry).success).toBe(false);
    },
  );
});
