import { describe, expect, it } from 'vitest';
import { exchangedVersion, orderedVersion, readVersion, writtenVersion } from '../../../lib/sbom/version-words.ts';

describe('a version in words', () => {
  it('is what matchers can order in documents that others read: OSV-Scanner holds go1.21.0 for older than any', () => {
    expect(exchangedVersion({ type: 'golang', version: 'go1.21.0' })).toBe('1.21.0');
    expect(exchangedVersion({ type: 'golang', version: 'v1.2.3' })).toBe('v1.2.3');
    expect(exchangedVersion({ type: 'npm', version: 'go1.0.0' })).toBe('go1.0.0');
    expect(orderedVersion('golang', 'gopher')).toBe('gopher');
  });

  it('is said to be unknown where nothing tells it, and read back as nothing', () => {
    expect(exchangedVersion({ type: 'golang', version: '' })).toBe('UNKNOWN');
    expect(readVersion(writtenVersion(''))).toBe('');
    expect(readVersion(writtenVersion('1'))).toBe('1');
  });
});
