import { dynamoAudit } from '../../lib/audit/adapters/dynamo-audit.ts';
import { type AuditEntry, createAuditLog } from '../../lib/audit/index.ts';
import { dynamoClient, kmsClient } from '../../lib/aws/clients.ts';
import { type Activity, advisoryStatus, type ConsolePorts, type SecurityDesk } from '../../lib/console/index.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { archivePricesOf, costConfigSchema, readPrices } from '../../lib/cost/index.ts';
import { type DocumentStore, loadDocument, loadJson } from '../../lib/documents/index.ts';
import { documentExternalSboms } from '../../lib/external-sboms/adapters/document-external-sboms.ts';
import { documentQuality } from '../../lib/external-sboms/adapters/document-quality.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { recentRepositories } from '../../lib/inventory/index.ts';
import { auditHistory } from '../../lib/lifecycle/adapters/audit-history.ts';
import { dynamoRetention } from '../../lib/lifecycle/adapters/dynamo-retention.ts';
import { ledgerJudgements } from '../../lib/lifecycle/adapters/ledger-judgements.ts';
import { planRegistry, replayRetention, requestRestore, retentionConfigSchema } from '../../lib/lifecycle/index.ts';
import { dynamoWaiverStore } from '../../lib/policy/adapters/dynamo-waiver-store.ts';
import { remediationConfigSchema } from '../../lib/remediation/config.ts';
import { dynamoReplicas } from '../../lib/replication/adapters/dynamo-replicas.ts';
import { dynamoStates } from '../../lib/replication/adapters/dynamo-states.ts';
import { planCopies, replicationConfigSchema, replicationTargets } from '../../lib/replication/index.ts';
import { documentInventoryStore } from '../../lib/sbom/adapters/document-inventory-store.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { dynamoRunStore } from '../../lib/scanners/adapters/dynamo-run-store.ts';
import { dynamoVoteStore } from '../../lib/scanners/adapters/dynamo-vote-store.ts';
import { kmsSigner } from '../../lib/signing/adapters/kms-signer.ts';
import { documentLayers } from '../../lib/storage/adapters/document-layers.ts';
import { trailPulls } from '../../lib/storage/adapters/trail-pulls.ts';
import { blobSharing, storageConfigSchema } from '../../lib/storage/index.ts';
import { dynamoVexStore } from '../../lib/vex/adapters/dynamo-vex-store.ts';
import { documentAdvisoryStore } from '../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { dynamoScanStore } from '../../lib/vulnerabilities/adapters/dynamo-scan-store.ts';
import { scanDocumentSchema } from '../../lib/vulnerabilities/index.ts';
import { dynamoLedger } from '../../lib/work/adapters/dynamo-ledger.ts';
import { once } from '../_pipe/once.ts';
import { registriesConfig } from '../_pipe/registries.ts';
import { configuredScanners } from '../_pipe/scanners.ts';
import { bucketRegistry, documents, publisher, setting, signingKeyId, table, tableName } from '../_pipe/wiring.ts';

/** Where people say what they know of findings; all else the console only reads. */
const securityDesk = (store: DocumentStore): SecurityDesk => {
  const verdicts = table('verdicts');
  return {
    waivers: dynamoWaiverStore(verdicts),
    vex: dynamoVexStore(verdicts),
    votes: dynamoVoteStore(verdicts),
    scanners: { configured: configuredScanners(), runs: dynamoRunStore(table('work')) },
    scans: dynamoScanStore(table('scans')),
    leases: dynamoRetention(table('retention'), systemClock),
    documents: store,
    publisher: publisher(),
    clock: systemClock,
  };
};

/** What the console reads. */
export const consolePorts = once((): ConsolePorts => {
  const catalog = dynamoCatalog(table('catalog'), systemClock);
  const log = createAuditLog({ ...dynamoAudit(dynamoClient(), tableName('audit')), clock: systemClock });
  const store = documents('documents');
  const replication = setting('replication', replicationConfigSchema);
  const deployed = setting('retention', retentionConfigSchema);
  const retention = dynamoRetention(table('retention'), systemClock);
  const ledger = dynamoLedger(table('work'), systemClock);
  const storage = setting('storage', storageConfigSchema);
  const cost = setting('cost', costConfigSchema);
  const planPorts = {
    ...{
      catalog,
      leases: retention,
      usage: retention,
      quarantine: retention,
      collectors: retention,
      clock: systemClock,
    },
    judgements: ledgerJudgements(ledger),
    sharesBlobs: blobSharing(storage),
    archivePrices: archivePricesOf(readPrices(cost.prices, 'cost.prices')),
  };
  const activity: ConsolePorts['activity'] = {
    after: async (seq, limit) => (await log.list(seq, limit)).map(toActivity),
    head: async () => (await log.head()).seq,
  };
  return {
    catalog,
    ledger,
    activity,
    reports: {
      async findings(key) {
        const document = await loadJson(store, key, scanDocumentSchema);
        return document?.findings.map(({ package: { name, version }, locations: [location], ...finding }) => ({
          ...finding,
          package: name,
          version,
          ...(location === undefined ? {} : { location }),
        }));
      },
      sbom: (key) => loadDocument(store, key),
    },
    keys: { publicKey: async () => (await kmsSigner(kmsClient(), signingKeyId()).publicKey()).pem },
    plans: {
      async preview(config = deployed) {
        const sources = registriesConfig().entries.filter(({ role }) => role === 'source');
        const read = recentRepositories({ catalog, documents: store, clock: systemClock });
        const plans = sources.map(({ host }) => planRegistry({ ...planPorts, read }, host, config));
        return (await Promise.all(plans)).flat();
      },
    },
    retention: {
      ...{ store: retention, documents: store, publisher: publisher(), clock: systemClock },
      restore: (asked, by) => {
        const restorePorts = { catalog, archive: bucketRegistry('archive'), restores: retention, clock: systemClock };
        return requestRestore(restorePorts, asked, by, deployed);
      },
      async replay(config = deployed, days) {
        const until = systemClock.now();
        const since = new Date(until.getTime() - days * 24 * 3_600_000);
        const ports = { catalog, holds: retention, history: auditHistory(log) };
        const sources = registriesConfig().entries.filter(({ role }) => role === 'source');
        return await Promise.all(sources.map(({ host }) => replayRetention(ports, host, config, { since, until })));
      },
    },
    advisories: advisoryStatus(documentAdvisoryStore(store, table('scans'))),
    sboms: {
      own: documentSbomStore(store),
      qualities: documentQuality(store),
      externals: documentExternalSboms(store),
      publisher: publisher(),
      clock: systemClock,
    },
    security: securityDesk(store),
    remediation: setting('remediation', remediationConfigSchema),
    accounts: {
      storage,
      cost,
      layers: documentLayers(documentInventoryStore(store), store),
      profiles: new Map(),
      pulls: trailPulls(activity, dynamoRetention(table('retention'), systemClock)),
      clock: systemClock,
    },
    replication: {
      states: () => Array.fromAsync(dynamoStates(table('replicas')).all()),
      plan: (only) =>
        planCopies(
          { catalog, ledger: dynamoLedger(table('work'), systemClock), replicas: dynamoReplicas(table('replicas')) },
          replication,
          only,
        ),
    },
    replicated: (entry) => replicationTargets(replication, entry).length > 0,
  };
});

const toActivity = ({ seq, time, detailType, subject, detail }: AuditEntry): Activity => ({
  seq,
  time,
  detailType,
  ...(subject === undefined ? {} : { subject }),
  data: detail,
});
