import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatImageReference,
  locationKey,
  parseImageReference,
  parseLocationKey,
} from '../../../lib/core/image-reference.ts';

const hex = 'a'.repeat(64);

describe('image references', () => {
  it.each([
    'r.example/app',
    'localhost:5000/team/app:1.2-rc_1',
    `000000000000.dkr.ecr.eu-central-1.amazonaws.com/a/b/c@sha256:${hex}`,
    `[::1]:5000/app:x@sha256:${hex}`,
  ])('reads and writes %s', (text) => {
    expect(formatImageReference(parseImageReference(text))).toBe(text);
  });

  it.each([
    ['alpine', 'names no registry'],
    ['r.example/App', 'not a repository name'],
    ['r.example/../etc', 'not a repository name'],
    ['r.example/app:', 'not a tag'],
    ['r.example/app:-x', 'not a tag'],
    ['r.exam ple/app', 'not a registry host'],
    ['r.example/app@sha256:abc', 'not a sha256 or sha512 digest'],
    ['user@evil/app', 'not a sha256 or sha512 digest'],
  ])('refuses %s', (text, why) => {
    expect(() => parseImageReference(text)).toThrow(why);
  });

  it('never throws anything but its own errors, and what it reads it writes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(formatImageReference(parseImageReference(text))).toBe(text);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(reference|digest)-invalid$/) });
        }
      }),
    );
  });

  it('keeps a location through its key', () => {
    const at = { registry: 'localhost:5000', repository: 'a/b', digest: `sha256:${hex}` } as const;
    expect(parseLocationKey(locationKey(at))).toEqual(at);
  });
});
