import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  openSecretsManagerService,
  type SecretsManagerService,
} from '../../../../infra/local/services/secrets-manager/index.ts';
import { manualClock } from '../../../../lib/core/clock.ts';
import { createAdminApi } from '../../../../lib/registry/adapters/credentials/issuers/admin-api.ts';
import { harborIssuer } from '../../../../lib/registry/adapters/credentials/issuers/harbor.ts';
import { labelOf, readLabel } from '../../../../lib/registry/adapters/credentials/issuers/labels.ts';
import { otherOf } from '../../../../lib/registry/adapters/credentials/issuers/pairs.ts';
import { quayIssuer } from '../../../../lib/registry/adapters/credentials/issuers/quay.ts';
import { openRotation } from '../../../../lib/registry/adapters/credentials/open-rotation.ts';
import { createSecretReader } from '../../../../lib/registry/adapters/credentials/read-secrets.ts';
import { secretVersions } from '../../../../lib/registry/adapters/credentials/secret-versions.ts';
import { registriesConfigSchema } from '../../../../lib/registry/config.ts';
import type { RotationNews } from '../../../../lib/registry/credentials/rotation/rotate-credentials.ts';
import { rotateCredentials, rotationDraft } from '../../../../lib/registry/index.ts';
import { codeOf } from '../../../contract/registry.contract.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../support/service-server.ts';
import { fakeRegistryApi } from './fake-registry-api.ts';

const region = 'eu-central-1';
const DAY = 86_400_000;
const clock = manualClock('2026-03-01T00:00:00.000Z');
const folder = mkdtempSync(join(tmpdir(), 'lading-issuers-'));
let service: SecretsManagerService;
let facade: ServiceServer;
let client: SecretsManagerClient;

beforeAll(async () => {
  service = await openSecretsManagerService({ directory: folder, accountId: '000000000000', clock });
  facade = await startServiceServer({ services: [service] });
  client = new SecretsManagerClient({
    region,
    endpoint: facade.endpoint,
    credentials: credentialsOf(),
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await facade.stop();
  rmSync(folder, { recursive: true });
});

const admin = (name: string) => ({ admin: { secret: `${name}/admin` } });
const issuers = [
  {
    name: 'harbor',
    adminText: JSON.stringify({ username: 'robot$rotator', password: 'the admin' }),
    authorization: `Basic ${Buffer.from('robot$rotator:the admin').toString('base64')}`,
    issuer: { kind: 'harbor', ...admin('harbor'), robots: [11, 12] },
    start: { username: 'robot$lading-a', password: 'by hand' },
  },
  {
    name: 'quay',
    adminText: 'the-admin\n',
    authorization: 'Bearer the-admin',
    issuer: { kind: 'quay', ...admin('quay'), organization: 'acme', robots: ['lading_a', 'lading_b'] },
    start: { username: 'acme+lading_a', password: 'by hand' },
  },
  {
    name: 'gitlab',
    adminText: JSON.stringify({ token: 'glpat-1' }),
    authorization: 'Bearer glpat-1',
    issuer: { kind: 'gitlab', ...admin('gitlab'), owner: { project: 'acme/app' } },
    start: { username: 'gitlab+deploy-token-0', password: 'by hand' },
  },
  {
    name: 'artifactory',
    adminText: 'admin-token',
    authorization: 'Bearer admin-token',
    issuer: { kind: 'artifactory', ...admin('artifactory'), username: 'lading' },
    start: { username: 'lading', password: 'by hand' },
  },
] as const;

describe.each(issuers)(
  'rotating credentials of $name by its API',
  ({ name, adminText, authorization, issuer, start }) => {
    it('replaces them in Secrets Manager, lets both hold for a while, and withdraws the old ones', async () => {
      await using api = await fakeRegistryApi(authorization, () => clock.now());
      const secret = `lading/${name}`;
      await service.createSecret({ region, name: secret, secretString: JSON.stringify(start) });
      await service.createSecret({ region, name: `${name}/admin`, secretString: adminText });
      api.passwords.set(start.username, start.password);
      const [entry] = registriesConfigSchema.parse({
        entries: [
          {
            ...{ kind: 'distribution', host: 'r.example', url: api.server.url.href },
            ...{ allowInsecure: true, allowPrivate: true, credentials: { kind: 'secret', secret } },
            rotation: { issuer },
          },
        ],
      }).entries;
      const versions = secretVersions(client);
      const secrets = createSecretReader({ secretsManager: () => client });
      const opened = entry && openRotation(entry, { versions, secrets, clock });
      if (opened === undefined) throw new Error('nothing to rotate');
      const news: RotationNews[] = [];
      const run = () =>
        rotateCredentials(secret, opened.rotation, {
          ...opened.ports,
          lease: { take: async () => ({ release: async () => {} }) },
          tell: async (told) => void news.push(told),
        });
      const inForce = async () => JSON.parse(await secrets.read({ secret })) as { username: string; password: string };
      const valid = async (): Promise<boolean> => opened.ports.test.works({ kind: 'basic', ...(await inForce()) });

      clock.advance(DAY);
      await run();
      const first = await inForce();
      expect(first.password).not.toBe('by hand');
      expect(await valid()).toBe(true);
      expect(await run()).toBe(false);

      clock.advance(31 * DAY);
      await run();
      const second = await inForce();
      expect(second.password).not.toBe(first.password);
      expect(await valid()).toBe(true);
      expect(await opened.ports.test.works({ kind: 'basic', ...first })).toBe(true);

      clock.advance(13 * 60 * 60 * 1000);
      await run();
      expect(await valid()).toBe(true);
      expect(await opened.ports.test.works({ kind: 'basic', ...first })).toBe(false);
      expect(news.map(({ kind }) => kind)).toEqual(['rotated', 'rotated', 'withdrawn']);
      // What is told is no secret, and the withdrawn one is what the first rotation minted.
      const drafts = news.map((one) => rotationDraft('r.example', secret, one));
      for (const { password } of [first, second]) expect(JSON.stringify(drafts)).not.toContain(password);
      const [minted, , withdrawn] = drafts.map(({ data }) => (data as { tokenId: string }).tokenId);
      expect(withdrawn).toBe(minted);
    });

    it('leaves everything as it is where the administrator is refused, and repeats no secret', async () => {
      await using api = await fakeRegistryApi('Bearer somebody else', () => clock.now());
      const secret = `lading/${name}`;
      const before = await createSecretReader({ secretsManager: () => client }).read({ secret });
      const [entry] = registriesConfigSchema.parse({
        entries: [
          {
            ...{ kind: 'distribution', host: 'r.example', url: api.server.url.href },
            ...{ allowInsecure: true, allowPrivate: true, credentials: { kind: 'secret', secret } },
            rotation: { issuer, everyDays: 1, overlapHours: 1 },
          },
        ],
      }).entries;
      clock.advance(2 * DAY);
      const secrets = createSecretReader({ secretsManager: () => client });
      const opened = entry && openRotation(entry, { versions: secretVersions(client), secrets, clock });
      if (opened === undefined) throw new Error('nothing to rotate');
      const ports = { lease: { take: async () => ({ release: async () => {} }) }, tell: async () => {} };
      const error = await rotateCredentials(secret, opened.rotation, { ...opened.ports, ...ports }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'registry-denied' });
      const said = `${(error as Error).message} ${JSON.stringify(error)}`;
      expect(said).not.toContain(authorization);
      expect(said).not.toContain(authorization.replace(/^\w+ /, ''));
      expect(await secrets.read({ secret })).toBe(before);
    });
  },
);

describe('tokens of others', () => {
  const secret = 'lading/mine';
  const now = new Date('2026-04-01T00:00:00.000Z');

  it('are neither listed nor withdrawn, whoever named them', () => {
    expect(readLabel(labelOf(secret, now), secret)).toEqual(now);
    const others = [
      labelOf('lading/mine2', now),
      labelOf('lading/min', now),
      `${labelOf(secret, now)} copy`,
      `lading ${secret} yesterday`,
      `lading ${secret} 2026-04-01`,
      `my ${labelOf(secret, now)}`,
      'ci-reader',
      '',
    ];
    for (const label of others) expect(readLabel(label, secret), label).toBeUndefined();
  });

  it('are not touched by an id that somebody wrote into the secret', async () => {
    await using api = await fakeRegistryApi('Bearer admin', () => clock.now());
    const text = { read: async () => 'admin' };
    const admin = createAdminApi({
      ...{ base: api.server.url, admin: { secret: 'a' }, secrets: text },
      service: { allowInsecure: true, allowPrivate: true },
    });
    const harbor = harborIssuer({ kind: 'harbor', admin: { secret: 'a' }, robots: [11, 12] }, admin, () => 'Aa0secret');
    const robots: [string, string] = ['lading_a', 'lading_b'];
    const quay = quayIssuer({ kind: 'quay', admin: { secret: 'a' }, organization: 'acme', robots }, admin);
    for (const id of ['13', '11/../13', '../users/1', '11?x=1', '']) {
      expect(await codeOf(Promise.resolve().then(() => harbor.withdraw(id)))).toBe('registry-refused');
      expect(await codeOf(Promise.resolve().then(() => quay.withdraw(id)))).toBe('registry-refused');
    }
    expect(api.server.requests).toEqual([]);
    await harbor.withdraw('11');
    expect(api.server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['PATCH /api/v2.0/robots/11']);
  });

  it('stay apart from the one that is in use: of two accounts that both seem to be, none is taken', async () => {
    expect(() => otherOf([{ id: '1' }, { id: '2' }], { id: '1', username: 'two' }, () => 'two')).toThrow('in use');
  });
});
