import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';

const begun: string[] = [];
vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  const scrypt = ((...args: unknown[]) => {
    begun.push(String(args[0]));
    return (real.scrypt as (...all: unknown[]) => void)(...args);
  }) as typeof real.scrypt;
  return { ...real, scrypt };
});
const { beginOpeningKey } = await import('../../../lib/cli/trust/begin-opening.ts');
const { openCosignKey, sealCosignKey } = await import('../../../lib/formats/cosign-key/index.ts');

const folder = mkdtempSync(join(tmpdir(), 'lading-begin-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const der = privateKey.export({ type: 'pkcs8', format: 'der' });
const sealed = await sealCosignKey(der, 'sesame');
writeFileSync(join(folder, 'my.key'), sealed);
const environment = { COSIGN_PASSWORD: 'sesame', LADING_CWD: folder };

/** What it began is taken up, so that no test sees another's. */
async function begins(args: readonly string[], given: Readonly<Record<string, string>> = environment): Promise<number> {
  begun.length = 0;
  beginOpeningKey(args, given);
  const count = begun.length;
  if (count > 0) await openCosignKey(sealed, 'sesame');
  return count;
}

describe('a key that is opened before anything else is loaded', () => {
  it('is opened once, whoever asks for it then', async () => {
    begun.length = 0;
    beginOpeningKey(['sign', 'r.example/a:1', '--key', 'my.key'], environment);
    beginOpeningKey(['sign', 'r.example/a:1', '--key', 'my.key'], environment);
    expect(Buffer.from(await openCosignKey(sealed, 'sesame'))).toEqual(der);
    expect(begun).toEqual(['sesame']);
    // Kept no longer than that.
    await openCosignKey(sealed, 'sesame');
    expect(begun).toHaveLength(2);
  });

  it('does not make another password good', async () => {
    beginOpeningKey(['attest', '--key=my.key'], { ...environment, LADING_PASSWORD: 'wrong' });
    await expect(openCosignKey(sealed, 'wrong')).rejects.toMatchObject({ code: 'key-locked' });
  });

  it('is begun for the commands that sign, with a password and a file of this format, and never complains', async () => {
    expect(await begins(['attest', 'a', '--key=my.key'])).toBe(1);
    const other = (change: (text: string) => string): string => {
      const body = Buffer.from(sealed.split('\n').slice(1, -2).join(''), 'base64').toString();
      const text = Buffer.from(change(body)).toString('base64');
      writeFileSync(
        join(folder, 'other.key'),
        `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${text}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`,
      );
      return 'other.key';
    };
    expect(await begins(['verify', 'a', '--key', 'my.key'])).toBe(0);
    expect(await begins(['sign', 'a', '--key', 'my.key'], { LADING_CWD: folder })).toBe(0);
    for (const args of [
      [],
      ['sign'],
      ['sign', '--key'],
      ['sign', '--key', 'none.key'],
      ['sign', '--key', 'awskms:///x'],
    ]) {
      expect(await begins(args)).toBe(0);
    }
    expect(await begins(['sign', '--key', other((text) => text.replace('65536', '1073741824'))])).toBe(0);
    expect(await begins(['sign', '--key', other((text) => text.replace('"scrypt"', '"none"'))])).toBe(0);
    expect(await begins(['sign', '--key', other(() => 'null')])).toBe(0);
    expect(await begins(['sign', '--key', other(() => '{')])).toBe(0);
  });
});
