import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/json.ts';
import type { VexStatement } from './model.ts';

export interface OpenVexInput {
  readonly author: string;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly tooling: string;
  readonly statements: readonly VexStatement[];
}

/**
 * Writes an OpenVEX 0.2.0 document. Its id follows from its content, so that the same statements are the same document.
 * A document needs at least one statement; whoever has none has nothing to say.
 */
export function writeOpenVex({ author, timestamp, tooling, statements }: OpenVexInput): string {
  const content = statements.map(toStatement);
  const hash = createHash('sha256')
    .update(canonicalJson([author, content]))
    .digest('hex');
  return JSON.stringify({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': `https://openvex.dev/docs/lading/vex-${hash}`,
    author,
    timestamp,
    version: 1,
    tooling,
    statements: content,
  });
}

function toStatement({ ids, status, justification, detail, action, time, products }: VexStatement): object {
  const [name = '', ...aliases] = ids;
  const withReason = status === 'not_affected';
  return {
    vulnerability: { name, ...(aliases.length > 0 ? { aliases } : {}) },
    timestamp: time,
    products: products.map(({ names, subcomponents }) => ({
      ...toComponent(names),
      ...(subcomponents.length > 0 ? { subcomponents: subcomponents.map(toComponent) } : {}),
    })),
    status,
    ...(withReason && justification ? { justification } : {}),
    // A status of "not affected" must say why, one of "affected" what to do.
    ...(withReason && (detail || !justification) ? { impact_statement: detail || 'no reason was given' } : {}),
    ...(status === 'affected' ? { action_statement: action || 'no remedy is known' } : {}),
    ...(!withReason && detail ? { status_notes: detail } : {}),
  };
}

function toComponent(names: readonly string[]): object {
  const purl = names.find((name) => name.startsWith('pkg:'));
  const hash = names.find((name) => name.startsWith('sha256:'));
  const id = names.find((name) => name.includes(':') && !name.startsWith('sha256:'));
  return {
    // An IRI has a scheme; a bare digest or name gets one, so that it stays an identifier.
    '@id': id ?? purl ?? (hash ? `urn:oci:${hash}` : `urn:lading:${encodeURIComponent(names[0] ?? 'unknown')}`),
    ...(purl ? { identifiers: { purl } } : {}),
    ...(hash ? { hashes: { 'sha-256': hash.slice('sha256:'.length) } } : {}),
  };
}
