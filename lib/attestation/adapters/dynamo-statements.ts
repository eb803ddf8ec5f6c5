import { z } from 'zod';
import { type Item, type ItemKey, ifAbsent, type Table } from '../../aws/table.ts';
import { type ImageLocation, locationKey, parseLocationKey } from '../../core/image-reference.ts';
import { type DocumentStore, loadDocument, saveDocument } from '../../documents/index.ts';
import { digestSchema } from '../../events/index.ts';
import { signatureAlgorithms } from '../../signing/index.ts';
import { attestationError } from '../errors.ts';
import type { SignedStatement, StatementKey } from '../model.ts';
import type { StatementStore } from '../ports.ts';

const bytes = z.instanceof(Uint8Array).transform((given) => new Uint8Array(given));

const rowSchema = z.object({
  pk: z.string(),
  predicateType: z.string(),
  version: z.string(),
  keyId: z.string(),
  algorithm: z.enum(signatureAlgorithms),
  createdAt: z.string(),
  manifest: bytes,
  manifestMediaType: z.string(),
  manifestDigest: digestSchema,
  bundleKey: z.string(),
  bundleDigest: digestSchema,
});

const keyOf = ({ subject, predicateType, version, keyId }: StatementKey): ItemKey => ({
  pk: locationKey(subject),
  sk: `statement#${predicateType}#${version}#${keyId}`,
});

/** Statements by row, their bundles (an SBOM can have megabytes) as documents, which are there before the row. */
export function dynamoStatements(table: Table, documents: DocumentStore): StatementStore {
  const find = async (key: StatementKey): Promise<SignedStatement | undefined> => {
    const row = await table.get(keyOf(key));
    return row && toStatement(row, documents);
  };
  return {
    find,
    async record(statement) {
      const { subject, bundle, ...rest } = statement;
      const stored = await saveDocument(documents, 'attestations', bundle);
      const row = { ...keyOf(statement), ...rest, bundleKey: stored.key, bundleDigest: stored.digest };
      if (await table.put(row, ifAbsent)) return statement;
      const kept = await find(statement);
      if (kept !== undefined) return kept;
      throw attestationError('statement-lost', `a statement of ${locationKey(subject)} was there and is not`);
    },
  };
}

async function toStatement(row: Item, documents: DocumentStore): Promise<SignedStatement> {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) {
    throw attestationError('statement-damaged', `a recorded statement: ${z.prettifyError(parsed.error)}`);
  }
  const { pk, bundleKey, bundleDigest, ...rest } = parsed.data;
  const bundle = await loadDocument(documents, bundleKey, bundleDigest);
  if (bundle === undefined) throw attestationError('statement-damaged', `the bundle ${bundleKey} is gone`);
  const subject: ImageLocation = parseLocationKey(pk);
  return { subject, ...rest, bundle: new Uint8Array(bundle) };
}
