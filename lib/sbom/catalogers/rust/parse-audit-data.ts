import { inflateSync } from 'node:zlib';
import { z } from 'zod';
import { once } from '../../../core/once.ts';

const crateSchema = once(() =>
  z.object({
    name: z.string().min(1),
    version: z.string(),
    /** `crates.io`, `git`, `local` or a registry. */
    source: z.string().optional(),
    /** Positions of crates in the list. */
    dependencies: z.array(z.int().nonnegative()).optional(),
    /** `build`: ran while the program was built and is not in it. */
    kind: z.string().optional(),
  }),
);

export const crateListSchema = once(() => z.array(crateSchema()));
export type Crate = z.infer<ReturnType<typeof crateSchema>>;

const MAX_JSON_BYTES = 8 * 1024 ** 2;
const MAX_CRATES = 50_000;
const documentSchema = once(() => z.object({ packages: crateListSchema().max(MAX_CRATES) }));

/**
 * The list of crates that cargo-auditable puts into a program: JSON, packed by zlib, in the section `.dep-v0`
 * (cargo-auditable, `PARSING.md` and `cargo-auditable.schema.json`).
 *
 * @throws where the section holds no such list
 */
export function parseAuditData(section: Uint8Array): Crate[] {
  const json = inflateSync(section, { maxOutputLength: MAX_JSON_BYTES }).toString('utf8');
  return documentSchema().parse(JSON.parse(json)).packages;
}
