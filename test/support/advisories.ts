import type { DocumentStore } from '../../lib/documents/index.ts';

const VECTORS = {
  critical: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
  low: 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N',
} as const;

/** Puts an advisory for every version of a package where people put them; the next sync takes it in. */
export async function putAdvisory(
  documents: DocumentStore,
  about: { readonly ecosystem: string; readonly name: string; readonly severity: keyof typeof VECTORS },
): Promise<void> {
  const { ecosystem, name, severity } = about;
  const record = {
    schema_version: '1.6.0',
    id: `TEST-2026-${name}`,
    modified: '2026-01-01T00:00:00Z',
    affected: [{ package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }] }] }],
    severity: [{ type: 'CVSS_V3', score: VECTORS[severity] }],
  };
  await documents.put(`advisories/inbox/${name}.json`, Buffer.from(JSON.stringify(record)));
}
