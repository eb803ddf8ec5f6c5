import { describe, expect, it } from 'vitest';
import { hostPlatform, parsePlatform, suits } from '../../../lib/cli/source/platform.ts';

describe('platforms', () => {
  it('are read as people write them', () => {
    expect(parsePlatform('linux/arm64')).toEqual({ os: 'linux', architecture: 'arm64' });
    expect(parsePlatform('Linux/x86_64')).toEqual({ os: 'linux', architecture: 'amd64' });
    expect(parsePlatform('linux/arm/v7')).toEqual({ os: 'linux', architecture: 'arm', variant: 'v7' });
  });

  it.each([
    '',
    'linux',
    'linux/',
    '/amd64',
    'linux/amd64/v2/x',
    'linux/am d64',
    'linux/amd64/',
    `linux/${'a'.repeat(99)}`,
  ])('are refused: "%s"', (text) =>
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: 'platform-invalid' })),
  );

  it.each([
    ['linux/amd64', 'linux/amd64', 2],
    ['linux/amd64', 'linux/amd64/v1', 2],
    ['linux/amd64', 'linux/amd64/v3', 1],
    ['linux/amd64/v3', 'linux/amd64', 0],
    ['linux/arm64', 'linux/arm64/v8', 2],
    ['linux/arm64/v8', 'linux/arm64', 2],
    ['linux/arm64', 'linux/arm64/v9', 1],
    ['linux/arm', 'linux/arm/v7', 2],
    ['linux/arm', 'linux/arm/v6', 1],
    ['linux/arm/v6', 'linux/arm/v7', 0],
    ['linux/amd64', 'windows/amd64', 0],
    ['linux/amd64', 'linux/386', 0],
    ['linux/riscv64', 'linux/riscv64', 2],
  ])('%s asked for, %s offered: %d', (wanted, offered, fits) => {
    expect(suits(parsePlatform(wanted), parsePlatform(offered))).toBe(fits);
  });

  it('are Linux on every machine', () => {
    expect(hostPlatform('x64')).toEqual({ os: 'linux', architecture: 'amd64' });
    expect(hostPlatform('arm64')).toEqual({ os: 'linux', architecture: 'arm64' });
    expect(hostPlatform('s390x')).toEqual({ os: 'linux', architecture: 's390x' });
  });
});
