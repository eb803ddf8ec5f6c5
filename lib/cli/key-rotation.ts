import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';

/** Purposes of keys, by the names that the configuration gives them. */
export const rotatablePurposes = ['signing', 'postQuantum'] as const;
export type RotatablePurpose = (typeof rotatablePurposes)[number];

const purpose = z.looseObject({ generation: z.int().min(1).max(1000).default(1) });
const cdkJson = z.looseObject({
  context: z.looseObject({
    lading: z.looseObject({
      keys: z.looseObject({ signing: purpose.optional(), postQuantum: purpose.optional() }).optional(),
    }),
  }),
});

/**
 * Counts the generation of a key up in the configuration (`cdk.json`): with the next deployment another key signs, and
 * the one before it is kept. Nothing is changed in the account here, so that a rotation is reviewed like any change.
 *
 * @throws LadingError `configuration-unreadable`
 */
export async function rotateInConfiguration(
  file: string,
  name: RotatablePurpose,
): Promise<{ readonly from: number; readonly to: number }> {
  const fail = (why: string, cause?: unknown): never => {
    throw new LadingError('configuration-unreadable', `${file} is no configuration of Lading: ${why}`, {
      cause,
      hint: 'name the cdk.json of the deployment with --config',
    });
  };
  let value: unknown;
  try {
    value = parseJsonStrict(readFileSync(file, 'utf8'), { what: file });
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : 'unreadable', cause);
  }
  const parsed = cdkJson.safeParse(value);
  if (!parsed.success) return fail(z.prettifyError(parsed.error));
  const { context } = parsed.data;
  const keys = context.lading.keys ?? {};
  const from = keys[name]?.generation ?? 1;
  const to = from + 1;
  const lading = { ...context.lading, keys: { ...keys, [name]: { ...keys[name], generation: to } } };
  await writeFile(file, `${JSON.stringify({ ...parsed.data, context: { ...context, lading } }, null, 2)}\n`);
  return { from, to };
}
