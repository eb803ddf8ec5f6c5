import { z } from 'zod';
import { firstOf, NO_TIME, statementList, text, toInstant, vexInvalid } from './common.ts';
import { type VexDocument, type VexNames, type VexProduct, vexJustifications, vexStatuses } from './model.ts';

const hashNames: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
]);

const component = z.object({
  '@id': text.optional(),
  identifiers: z.object({ purl: text.optional(), cpe22: text.optional(), cpe23: text.optional() }).optional(),
  hashes: z.object({ 'sha-256': text.optional(), 'sha-512': text.optional() }).optional(),
});
/** Version 0.0.1 named products and vulnerabilities by a text alone. */
const product = z.union([
  text.transform((id) => ({ '@id': id, subcomponents: [] })),
  component.extend({
    subcomponents: z.array(z.union([text.transform((id) => ({ '@id': id })), component])).optional(),
  }),
]);
const vulnerability = z.union([
  text.transform((name) => ({ '@id': undefined, name, aliases: [] as string[] })),
  z.object({ '@id': text.optional(), name: text.optional(), aliases: z.array(text).max(1000).optional() }),
]);
const statement = z.object({
  vulnerability,
  status: z.enum(vexStatuses),
  timestamp: text.optional(),
  last_updated: text.optional(),
  products: z.array(product).max(100_000).optional(),
  justification: z.enum(vexJustifications).optional(),
  status_notes: text.optional(),
  impact_statement: text.optional(),
  action_statement: text.optional(),
});
const document = z.object({
  '@context': z.string().regex(/^https:\/\/openvex\.dev\/ns(?:\/v\d+\.\d+\.\d+)?\/?$/),
  '@id': text,
  author: text,
  timestamp: text.optional(),
  last_updated: text.optional(),
  statements: z.array(z.unknown()),
});

export const isOpenVex = (value: object): boolean =>
  '@context' in value && typeof value['@context'] === 'string' && value['@context'].includes('openvex.dev');

/** Times and statements inherit from the document (OpenVEX specification 0.2.0, "Inheritance"). */
export function readOpenVex(value: unknown): VexDocument {
  const parsed = document.safeParse(value);
  if (!parsed.success) throw vexInvalid('OpenVEX document', z.prettifyError(parsed.error));
  const about = parsed.data;
  const documentTime = toInstant(about.last_updated, toInstant(about.timestamp, NO_TIME));
  const { all, add } = statementList();
  let skipped = 0;
  for (const one of about.statements) {
    const read = statement.safeParse(one);
    const ids = read.success ? idsOf(read.data.vulnerability) : [];
    if (!read.success || ids.length === 0) {
      skipped++;
      continue;
    }
    const { status, justification, ...said } = read.data;
    add({
      ids,
      status,
      justification,
      detail: firstOf(said.impact_statement, said.status_notes),
      action: firstOf(said.action_statement),
      time: toInstant(said.last_updated, toInstant(said.timestamp, documentTime)),
      products: (said.products ?? []).map(toProduct),
    });
  }
  return { format: 'openvex', id: about['@id'], author: about.author, statements: all, skipped };
}

function idsOf(given: z.infer<typeof vulnerability>): string[] {
  const fromIri = given['@id']?.split(/[/#]/).at(-1);
  return [
    ...new Set([given.name, ...(given.aliases ?? []), fromIri].filter((id) => id !== undefined && id !== '')),
  ] as string[];
}

const toProduct = (given: z.infer<typeof product>): VexProduct => ({
  names: namesOf(given),
  subcomponents: (given.subcomponents ?? []).map(namesOf),
});

function namesOf(given: z.infer<typeof component>): VexNames {
  const hashes = Object.entries(given.hashes ?? {}).map(
    ([name, hex]) => `${hashNames.get(name)}:${hex?.toLowerCase()}`,
  );
  const { purl, cpe22, cpe23 } = given.identifiers ?? {};
  return [...new Set([given['@id'], purl, cpe23, cpe22, ...hashes].filter((name) => name !== undefined))];
}
