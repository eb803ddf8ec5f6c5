import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';
import { readLuaAssignments } from './read-lua.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    license: z.string().optional(),
    requires: z.array(z.string()),
  }),
);
export type RockRecord = z.infer<ReturnType<typeof schema>>;

/** The rockspec of a Lua rock, installed (`luarocks/rocks-5.1/<name>/<version>/`) or of sources. */
export const rockspecFile: FileKind<RockRecord> = {
  id: 'lua-rockspec',
  version: 1,
  match: { extensions: ['rockspec'] },
  maxBytes: 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const { texts, tables } = readLuaAssignments(content.toString('utf8'));
    const name = texts.get('package');
    const version = texts.get('version');
    if (!name || !version) return undefined;
    const needed = tables.get('dependencies')?.items ?? [];
    return {
      name,
      version,
      license: tables.get('description')?.texts.get('license'),
      requires: needed.flatMap((one) => /^\s*([A-Za-z0-9][A-Za-z0-9._/-]*)/.exec(one)?.[1] ?? []),
    };
  },
  schema,
};
