import { z } from 'zod';
import { type Clock, systemClock } from '../../../../lib/core/clock.ts';
import { epochSeconds, jsonService, operation } from '../json-service.ts';
import type { LocalService } from '../service.ts';
import { type Registries, registryOf } from './calls.ts';
import { deleteOperations } from './delete-images.ts';
import { imageOperations } from './images.ts';
import { referrerOperations } from './referrers.ts';
import { repositoryOperations } from './repositories.ts';
import { openStorageClasses, type StorageClassChange, type StorageClasses } from './storage-classes.ts';
import { basicPassword, openTokenIssuer, type TokenHolder, type TokenIssuer } from './tokens.ts';
import { storageClassOperations } from './update-storage-class.ts';

export type { EcrBackend, EcrRegistry } from './backend.ts';
export type { StorageClassChange } from './storage-classes.ts';
export type { TokenHolder } from './tokens.ts';

export interface EcrService extends LocalService {
  /**
   * Who an `Authorization: Basic` header of the registry belongs to: what the registry's access hook needs.
   * `undefined` for a header that is missing, forged, expired or no Basic header.
   */
  principalOfToken(authorizationHeader: string | undefined): TokenHolder | undefined;
  /** What cannot be pulled, because it is in the archival storage class; a push, or a deletion, ends that. */
  readonly storageClasses: Pick<StorageClasses, 'isArchived' | 'forget'>;
}

export interface EcrOptions {
  /** The folder of the secret that tokens are made with. */
  readonly directory: string;
  /** The embedded registry of a region. */
  readonly registries: Registries;
  readonly clock?: Clock;
  /** Hears of images that changed their storage class. */
  readonly onStorageClass?: (change: StorageClassChange) => void;
}

/**
 * The control API of ECR over the embedded registries, one for each region.
 *
 * @throws LadingError `state-invalid`
 */
export async function openEcrService(options: EcrOptions): Promise<EcrService> {
  const { directory, registries, clock = systemClock, onStorageClass = () => undefined } = options;
  const classes = await openStorageClasses(directory, clock);
  const tokens = await openTokenIssuer(directory, () => clock.now().getTime());
  const service = jsonService({
    name: 'ecr',
    invalid: 'InvalidParameterException',
    operations: {
      ...tokenOperations(registries, tokens),
      ...repositoryOperations(registries),
      ...imageOperations(registries, classes),
      ...referrerOperations(registries, classes),
      ...storageClassOperations(registries, classes, onStorageClass, clock),
      ...deleteOperations(registries),
    },
  });
  return {
    ...service,
    storageClasses: classes,
    principalOfToken: (header) => {
      const password = basicPassword(header);
      return password === undefined ? undefined : tokens.holderOf(password);
    },
  };
}

const tokenOperations = (registries: Registries, tokens: TokenIssuer) => ({
  GetAuthorizationToken: operation({
    // The registry ids are deprecated and without effect on AWS as well.
    input: z.strictObject({ registryIds: z.array(z.string()).optional() }),
    permissions: () => [{ action: 'ecr:GetAuthorizationToken', resource: '*' }],
    run: (_input, caller) => {
      const { url } = registryOf(registries, caller, undefined);
      const { password, expiresAt } = tokens.issue(caller);
      return {
        authorizationData: [
          {
            authorizationToken: Buffer.from(`AWS:${password}`).toString('base64'),
            expiresAt: epochSeconds(expiresAt),
            proxyEndpoint: url,
          },
        ],
      };
    },
  }),
});
