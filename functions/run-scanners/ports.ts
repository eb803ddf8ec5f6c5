import { ecrClient, s3Client, secretsClient } from '../../lib/aws/clients.ts';
import { readEnvironment, requireEnvironment } from '../../lib/aws/environment.ts';
import { callRest } from '../../lib/aws/json-call.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { LadingError, unreachable } from '../../lib/core/errors.ts';
import { parseJsonStrict } from '../../lib/core/json.ts';
import type { ImageSubject } from '../../lib/events/index.ts';
import { documentExternalSboms } from '../../lib/external-sboms/adapters/document-external-sboms.ts';
import { sbomReceivedDraft, takeInSbom } from '../../lib/external-sboms/index.ts';
import { parseManifest } from '../../lib/formats/oci/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { callService } from '../../lib/registry/adapters/credentials/call-service.ts';
import { createSecretReader } from '../../lib/registry/adapters/credentials/read-secrets.ts';
import type { SecretSource } from '../../lib/registry/config.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { orderedVersion } from '../../lib/sbom/index.ts';
import { dynamoRunBudget, dynamoRunStore } from '../../lib/scanners/adapters/dynamo-run-store.ts';
import { dynamoVoteStore } from '../../lib/scanners/adapters/dynamo-vote-store.ts';
import { ecrScans } from '../../lib/scanners/adapters/ecr-findings.ts';
import { ecsTaskRunner, scannerTasksSchema } from '../../lib/scanners/adapters/ecs-task-runner.ts';
import { inspectorApi } from '../../lib/scanners/adapters/inspector-api.ts';
import { s3ReportInbox } from '../../lib/scanners/adapters/s3-report-inbox.ts';
import {
  type AdvancePorts,
  type CallApi,
  clairDriver,
  ecrBasicDriver,
  harborDriver,
  inspectorDriver,
  type LayerLocator,
  type SbomIntake,
  type ScannerConfig,
  type ScannerDriver,
  taskDriver,
  trivyServerDriver,
} from '../../lib/scanners/index.ts';
import { environmentName } from '../_pipe/function.ts';
import { once } from '../_pipe/once.ts';
import { registries, registriesConfig } from '../_pipe/registries.ts';
import { configuredScanners } from '../_pipe/scanners.ts';
import { documents, table } from '../_pipe/wiring.ts';

export const runPorts = once((): Omit<AdvancePorts, 'publish'> => {
  const work = table('work');
  const catalog = dynamoCatalog(table('catalog'), systemClock);
  const drivers = new Map<string, { readonly config: ScannerConfig; readonly driver: ScannerDriver }>();
  return {
    runs: dynamoRunStore(work),
    budget: dynamoRunBudget(work, () => systemClock.now()),
    votes: dynamoVoteStore(table('verdicts')),
    sboms: sbomIntake,
    clock: systemClock,
    async exists(image) {
      const entry = await catalog.find(image);
      return entry !== undefined && entry.deletedAt === undefined;
    },
    driver(kind) {
      const config = configuredScanners().find((scanner) => scanner.kind === kind);
      if (config === undefined) return undefined;
      const known = drivers.get(kind) ?? { config, driver: driverOf(config) };
      drivers.set(kind, known);
      return known;
    },
  };
});

const secrets = once(() => createSecretReader({ secretsManager: secretsClient }));
const optional = (source: SecretSource | undefined) => async (): Promise<string | undefined> =>
  source === undefined ? undefined : secrets().read(source);

const sbomIntake: SbomIntake = {
  async takeIn(subject, content, generator) {
    const found = { image: subject.digest, content, origin: 'task', standing: { kind: 'unsigned' } } as const;
    const store = documentExternalSboms(documents('documents'));
    const taken = await takeInSbom(store, found, systemClock.now().toISOString(), generator);
    if (taken.kind === 'unreadable') return taken;
    return { kind: 'kept', packages: taken.sbom.packages, drafts: [sbomReceivedDraft(subject, taken.sbom)] };
  },
};

function driverOf(config: ScannerConfig): ScannerDriver {
  switch (config.kind) {
    case 'trivy':
    case 'grype':
    case 'docker-scout':
    case 'snyk':
    case 'syft-sbom':
    case 'trivy-sbom':
      return taskDriver(config, { tasks: taskRunner(), inbox: inbox() });
    case 'trivy-server':
      return trivyServerDriver(config, { call, packages, clock: systemClock, token: optional(config.token) });
    case 'clair':
      return clairDriver(config, { call, layers, clock: systemClock, key: optional(config.key) });
    case 'harbor':
      return harborDriver(config, { call, credentials: () => secrets().read(config.credentials) });
    case 'ecr-basic':
      return ecrBasicDriver(ecrScans(ecrOf));
    case 'inspector':
      return inspectorDriver(inspectorApi(callRest));
    default:
      return unreachable(config);
  }
}

const inbox = once(() => s3ReportInbox(s3Client(), requireEnvironment(environmentName.bucket('documents'))));
const taskRunner = once(() => {
  const text = readEnvironment(environmentName.scannerTasks());
  if (text === undefined) throw new LadingError('scanner-unknown', 'no tasks are deployed; deploy the stack again');
  return ecsTaskRunner(scannerTasksSchema.parse(parseJsonStrict(text, { what: environmentName.scannerTasks() })));
});

/** Reports of large images are long. */
const MAX_ANSWER = 64 * 1024 * 1024;
const call: CallApi = ({ allowPrivate, allowInsecure, timeMs = 60_000, ...request }) =>
  callService(request, { allowPrivate, allowInsecure, timeMs, maxBytes: MAX_ANSWER });

const packages = {
  async of({ digest }: ImageSubject) {
    const sbom = await documentSbomStore(documents('documents')).get(digest);
    return (
      sbom && {
        distro: sbom.distro,
        complete: sbom.outcome === 'complete',
        packages: sbom.packages.map(({ locations, ...one }) => ({
          ...one,
          version: orderedVersion(one.type, one.version),
          path: locations[0]?.path ?? '',
        })),
      }
    );
  },
};

const layers: LayerLocator = {
  async locate({ registry: host, repository, digest }) {
    const registry = await registries().open(host);
    const fetched = await registry.getManifest({ repository, reference: digest });
    if (fetched === undefined) return undefined;
    const manifest = parseManifest(fetched.bytes, fetched.mediaType);
    if (manifest.kind !== 'image') throw new LadingError('image-unscannable', `${digest} is no image of one platform`);
    const { locateBlob } = registry;
    if (!locateBlob) throw new LadingError('image-unscannable', `layers of ${host} can be read by nobody else`);
    const located = manifest.layers.map(async ({ digest: layer }) => {
      const { url, headers } = await locateBlob({ repository, digest: layer });
      return { digest: layer, url: url.href, headers };
    });
    return Promise.all(located);
  },
};

function ecrOf(host: string) {
  const entry = registriesConfig().entries.find((one) => one.host === host);
  if (entry?.kind === 'ecr') return ecrClient(entry.region);
  throw new LadingError('image-elsewhere', `${host} is no ECR registry that is configured`);
}
