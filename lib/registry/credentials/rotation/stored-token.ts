import { z } from 'zod';
import { parseJsonStrict } from '../../../core/json.ts';
import type { MintedToken } from './ports.ts';

const storedSchema = z.object({
  username: z.string().min(1),
  password: z.string().min(1),
  expiresAt: z.iso.datetime().optional(),
  rotation: z.object({ id: z.string().min(1), issuedAt: z.iso.datetime() }).optional(),
});

export interface StoredToken {
  readonly username: string;
  readonly password: string;
  readonly expiresAt: Date | undefined;
  /** Undefined for what a person put there: nobody knows under which id the registry has it. */
  readonly id: string | undefined;
  readonly issuedAt: Date | undefined;
}

/** The text of a version, so that whoever reads the secret finds user name and password in it. */
export function writeToken({ id, username, password, expiresAt }: MintedToken, issuedAt: Date): string {
  return JSON.stringify({
    username,
    password,
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
    rotation: { id, issuedAt: issuedAt.toISOString() },
  });
}

/** Undefined where it is not of that form. */
export function readToken(text: string | undefined): StoredToken | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = parseJsonStrict(text, { maxBytes: 64 * 1024 });
  } catch {
    return undefined;
  }
  const parsed = storedSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { username, password, expiresAt, rotation } = parsed.data;
  return {
    username,
    password,
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
    id: rotation?.id,
    issuedAt: rotation === undefined ? undefined : new Date(rotation.issuedAt),
  };
}
