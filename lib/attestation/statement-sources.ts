import type { Digest } from '../core/digest.ts';
import { unreachable } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { contentKey, type DocumentStore, loadDocument, loadJson } from '../documents/index.ts';
import type { ImageSubject } from '../events/index.ts';
import type { Verdict } from '../policy/index.ts';
import { documentPrefix } from '../sbom/index.ts';
import { type AdvisoryStore, type ScanDocument, scanDocumentSchema } from '../vulnerabilities/index.ts';
import type { StatementKind } from './config.ts';
import { type Material, predicateTypes, type StatementDraft } from './model.ts';
import type { MaterialStore } from './ports.ts';
import { scanPredicate } from './scan-predicate.ts';

export interface SourcePorts {
  readonly documents: DocumentStore;
  readonly materials: Pick<MaterialStore, 'of'>;
  readonly advisories: Pick<AdvisoryStore, 'snapshot'>;
  /** The SBOM as SPDX 2.3, made from the stored one when it is asked for. */
  spdxOf(subject: ImageSubject, timestamp: string): Promise<string | undefined>;
}

/** What can be said of an image besides the verdict, of the kinds that are asked for, in their order. */
export async function collectStatements(
  ports: SourcePorts,
  verdict: Verdict,
  kinds: readonly StatementKind[],
): Promise<readonly StatementDraft[]> {
  const scan = await loadJson(ports.documents, contentKey('scans', verdict.scan), scanDocumentSchema);
  const materials = await ports.materials.of(verdict.subject);
  const drafts: StatementDraft[] = [];
  for (const kind of kinds) drafts.push(...(await statementsOf(ports, kind, { verdict, scan, materials })));
  return drafts;
}

interface Known {
  readonly verdict: Verdict;
  /** Absent where the document was cleaned up; what it would say is then not said. */
  readonly scan: ScanDocument | undefined;
  readonly materials: readonly Material[];
}

async function statementsOf(ports: SourcePorts, kind: StatementKind, known: Known): Promise<readonly StatementDraft[]> {
  const { scan, verdict, materials } = known;
  switch (kind) {
    case 'cyclonedx':
      return scan === undefined ? [] : cycloneDx(ports.documents, verdict.subject.digest, scan.sbom.digest);
    case 'vulnerabilities':
      return scan === undefined ? [] : [await vulnerabilities(ports, scan, verdict)];
    case 'vex':
    case 'tests':
    case 'provenance':
      return Promise.all(
        materials.filter((material) => material.kind === kind).map((one) => fromMaterial(ports.documents, one)),
      ).then((drafts) => drafts.flat());
    case 'spdx':
      return scan === undefined ? [] : spdx(ports, verdict, scan.sbom.digest);
    // The verdict is said last, of all that was said before.
    case 'verdict':
      return [];
    default:
      return unreachable(kind);
  }
}

async function cycloneDx(documents: DocumentStore, image: Digest, sbom: Digest): Promise<readonly StatementDraft[]> {
  const predicate = await readDocument(documents, contentKey(documentPrefix(image), sbom), sbom);
  return predicate === undefined ? [] : [{ predicateType: predicateTypes.cyclonedx, version: sbom, predicate }];
}

/** Its time is that of the verdict, so that a retry says the same. */
async function spdx(ports: SourcePorts, verdict: Verdict, sbom: Digest): Promise<readonly StatementDraft[]> {
  const text = await ports.spdxOf(verdict.subject, verdict.asOf);
  if (text === undefined) return [];
  return [
    {
      predicateType: predicateTypes.spdx,
      version: sbom,
      predicate: parseJsonStrict(text, { what: 'the SPDX document' }),
    },
  ];
}

async function vulnerabilities(ports: SourcePorts, scan: ScanDocument, verdict: Verdict): Promise<StatementDraft> {
  const snapshot = scan.snapshot === undefined ? undefined : await ports.advisories.snapshot(scan.snapshot);
  const times = { scannedAt: verdict.asOf, advisoriesAt: snapshot?.createdAt };
  return {
    predicateType: predicateTypes.vulnerabilities,
    version: verdict.scan,
    predicate: scanPredicate(scan, times),
  };
}

async function fromMaterial(documents: DocumentStore, material: Material): Promise<readonly StatementDraft[]> {
  const { key, digest } = material.document;
  const predicate = await readDocument(documents, key, digest);
  const predicateType = predicateTypes[material.kind];
  return predicate === undefined ? [] : [{ predicateType, version: digest, predicate }];
}

async function readDocument(documents: DocumentStore, key: string, digest: Digest): Promise<unknown> {
  const content = await loadDocument(documents, key, digest);
  return content === undefined ? undefined : parseJsonStrict(content, { what: `the document ${key}` });
}
