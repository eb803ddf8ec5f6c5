import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../../core/clock.ts';
import { unreachable } from '../../../../core/errors.ts';
import type { IssuerConfig } from '../../../credentials/model.ts';
import type { SecretReader } from '../../../credentials/ports.ts';
import type { TokenIssuer } from '../../../credentials/rotation/ports.ts';
import type { ServiceOptions } from '../call-service.ts';
import { createAdminApi } from './admin-api.ts';
import { artifactoryIssuer } from './artifactory.ts';
import { gitlabIssuer } from './gitlab.ts';
import { harborIssuer } from './harbor.ts';
import { quayIssuer } from './quay.ts';

export interface IssuerOptions {
  /** The secret that is rotated: tokens bear its name, so that those of others are left alone. */
  readonly secret: string;
  /** Where the registry itself answers. */
  readonly registry: URL;
  readonly secrets: SecretReader;
  readonly clock: Clock;
  readonly service?: ServiceOptions;
}

/** The registry's own way to mint tokens. */
export function createIssuer(config: IssuerConfig, options: IssuerOptions): TokenIssuer {
  const { registry, secrets, service } = options;
  const base = new URL(config.api ?? registry);
  const api = createAdminApi({ base, admin: config.admin, secrets, ...(service === undefined ? {} : { service }) });
  switch (config.kind) {
    case 'harbor':
      return harborIssuer(config, api, randomSecret);
    case 'quay':
      return quayIssuer(config, api);
    case 'artifactory':
      return artifactoryIssuer(config, api, options);
    case 'gitlab':
      return gitlabIssuer(config, api, options);
    default:
      return unreachable(config);
  }
}

/** 252 random bits, and one character of each kind that rules for passwords ask for. */
const randomSecret = (): string => `Aa0${randomBytes(32).toString('base64url').slice(0, 42)}`;
