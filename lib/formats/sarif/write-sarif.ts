import type { SarifLog, SarifResult, SarifRule } from './model.ts';

/** Writes the log as JSON. Equal input gives equal bytes. */
export function writeSarif({ tool, rules, results, properties }: SarifLog): string {
  const indexes = new Map(rules.map(({ id }, i) => [id, i]));
  return JSON.stringify(
    {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: tool.name,
              version: tool.version,
              ...(tool.informationUri ? { informationUri: tool.informationUri } : {}),
              rules: rules.map(toRule),
            },
          },
          // Paths are those in the image; a host has no file of that name.
          originalUriBaseIds: { IMAGE: { description: { text: 'root of the image' } } },
          results: results.map((result) => toResult(result, indexes)),
          columnKind: 'utf16CodeUnits',
          ...(properties ? { properties } : {}),
        },
      ],
    },
    null,
    2,
  );
}

const toRule = ({ id, title, help, helpUri, level, securitySeverity, tags }: SarifRule): object => ({
  id,
  name: 'KnownVulnerability',
  shortDescription: { text: title },
  fullDescription: { text: title },
  help: { text: help },
  ...(helpUri ? { helpUri } : {}),
  defaultConfiguration: { level },
  properties: {
    ...(securitySeverity === undefined ? {} : { 'security-severity': securitySeverity.toFixed(1) }),
    tags,
  },
});

function toResult(result: SarifResult, indexes: ReadonlyMap<string, number>): object {
  const { ruleId, level, message, path, logicalName, fingerprint, suppression, properties } = result;
  return {
    ruleId,
    ruleIndex: indexes.get(ruleId) ?? -1,
    level,
    message: { text: message },
    locations: [
      {
        // Code hosts take no result without a region; there is no line in an installed package.
        physicalLocation: { artifactLocation: { uri: toUri(path), uriBaseId: 'IMAGE' }, region: { startLine: 1 } },
        logicalLocations: [{ fullyQualifiedName: logicalName, kind: 'package' }],
      },
    ],
    partialFingerprints: { 'lading/v1': fingerprint },
    ...(suppression
      ? { suppressions: [{ kind: 'external', status: 'accepted', justification: suppression.justification }] }
      : {}),
    ...(properties ? { properties } : {}),
  };
}

/** A relative reference (RFC 3986, section 4.2) to a path that may hold any bytes. */
const toUri = (path: string): string =>
  path
    .replace(/^\/+/, '')
    .split('/')
    .map((segment) => encodeURIComponent(segment.toWellFormed()))
    .join('/') || '.';
