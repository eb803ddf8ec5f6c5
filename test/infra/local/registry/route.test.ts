import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OciError } from '../../../../infra/local/registry/errors.ts';
import { parseRoute } from '../../../../infra/local/registry/http/route.ts';
import { isRepositoryName } from '../../../../lib/core/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('routes', () => {
  it.each([
    ['/v2/', { kind: 'base' }],
    ['/v2', { kind: 'base' }],
    ['/v2/_catalog', { kind: 'catalog' }],
    ['/v2/a/blobs/uploads/', { kind: 'uploads', repository: 'a' }],
    ['/v2/a/blobs/uploads', { kind: 'uploads', repository: 'a' }],
    ['/v2/a/b/blobs/uploads/1234', { kind: 'upload', repository: 'a/b', id: '1234' }],
    [`/v2/a/b/blobs/${digest}`, { kind: 'blob', repository: 'a/b', digest }],
    [`/v2/a/blobs/sha256%3A${'a'.repeat(64)}`, { kind: 'blob', repository: 'a', digest }],
    ['/v2/a/manifests/latest', { kind: 'manifest', repository: 'a', reference: 'latest' }],
    ['/v2/a/blobs/uploads/manifests/latest', { kind: 'manifest', repository: 'a/blobs/uploads', reference: 'latest' }],
    ['/v2/manifests/tags/tags/list', { kind: 'tags', repository: 'manifests/tags' }],
    [`/v2/a/referrers/${digest}`, { kind: 'referrers', repository: 'a', digest }],
  ])('%s', (path, expected) => {
    expect(parseRoute(path)).toEqual(expected);
  });

  it.each([
    '/v2/../../etc/passwd/manifests/latest',
    '/v2/a/../b/manifests/latest',
    '/v2/a%2F..%2Fb/manifests/latest',
    '/v2/%2e%2e/%2e%2e/blobs/uploads/',
    '/v2//manifests/latest',
    '/v2/a//b/manifests/latest',
    '/v2/A/manifests/latest',
    '/v2/a\\b/manifests/latest',
    '/v2/a%00b/manifests/latest',
    '/v2/.hidden/manifests/latest',
    '/v2/a\u0301/tags/list',
    '/v2/manifests/latest',
    `/v2/${'a'.repeat(256)}/manifests/latest`,
    '/v2/%zz/manifests/latest',
  ])('refuses the name in %s', (path) => {
    expect(() => parseRoute(path)).toThrow(expect.objectContaining({ status: 400, ociCode: 'NAME_INVALID' }));
  });

  it.each(['/', '/v1/a', '/v2/a', '/v2/a/tags', '/v3/', 'v2/', '/v2/a/b/c'])('does not know %s', (path) => {
    expect(() => parseRoute(path)).toThrow(expect.objectContaining({ status: 404 }));
  });

  it('lets only names of the grammar through, whatever the path', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '',
      'a',
      '%2e%2e',
      '%2f',
      'blobs',
      'uploads',
      'manifests',
      'tags',
      'list',
      'v2',
      '%00',
      'A',
    );
    const path = fc.oneof(
      fc.webPath(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => `/v2/${pieces.join('/')}`),
    );
    fc.assert(
      fc.property(path, (text) => {
        try {
          const route = parseRoute(text);
          if ('repository' in route) expect(isRepositoryName(route.repository)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(OciError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
