import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { readPeResources } from '../../../formats/executable/index.ts';
import type { FoundPackage } from '../cataloger.ts';

export const windowsProgramSchema = once(() => z.object({ name: z.string(), version: z.string() }));
export type WindowsProgram = z.infer<ReturnType<typeof windowsProgramSchema>>;

const NAMES = ['ProductName', 'FileDescription', 'InternalName', 'OriginalFilename'];
/** Whose products are all the same system, so that what it is stands elsewhere. */
const MICROSOFT_NAMES = ['FileDescription', 'InternalName', 'OriginalFilename', 'ProductName'];
const MAX_TEXT = 500;

/**
 * A program or library for Windows, by its version resource, and without one by its file's name; as Syft names them
 * (anchore/syft, `pe_package.go`). What is written for .NET is told by `.deps.json`.
 */
export function toWindowsProgram(bytes: Buffer, path: string): WindowsProgram | undefined {
  if (!/\.(?:exe|dll)$/.test(path)) return undefined;
  const resources = readSafely(bytes);
  if (resources === undefined || resources.isManaged) return undefined;
  const text = (key: string): string => tidy(resources.texts.get(key) ?? '');
  const isMicrosoft = ['CompanyName', 'ProductName'].some((key) => text(key).toLowerCase().includes('microsoft'));
  const named = (isMicrosoft ? MICROSOFT_NAMES : NAMES).map(text).find((one) => one !== '');
  const file = path.slice(path.lastIndexOf('/') + 1, -'.exe'.length);
  const version = versionOf(text('ProductVersion')) || versionOf(text('FileVersion'));
  return { name: named ?? file, version };
}

function readSafely(bytes: Buffer): ReturnType<typeof readPeResources> {
  try {
    return readPeResources(bytes);
  } catch (error) {
    // Tables outside of the file: it would not run.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const tidy = (text: string): string =>
  text
    .slice(0, MAX_TEXT)
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();

/** `1.2 (built by x)`: up to the first word without a digit that follows one with a digit. */
function versionOf(text: string): string {
  const words = text.split(' ');
  const first = words.findIndex((word) => /\d/.test(word));
  const end = first < 0 ? -1 : words.findIndex((word, i) => i > first && !/\d/.test(word));
  return (end < 0 ? words : words.slice(0, end)).join(' ');
}

/** No registry has it under this name, so there is no purl. */
export const toWindowsPackage = (
  program: WindowsProgram,
  where: Pick<FoundPackage, 'locations' | 'layer'>,
): FoundPackage => ({ type: 'generic', ...program, licenses: [], ...where });
