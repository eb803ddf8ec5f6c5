import { z } from 'zod';
import type { KeyBackend, ParameterBackend, SecretBackend } from '../backends.ts';
import { physicalUuid } from '../physical-names.ts';
import type { ResourceHandler } from '../provision.ts';
import { arnOf, flag, integer, nameOf, withoutBackend } from './common.ts';

const key = z.object({
  Description: z.string().optional(),
  KeySpec: z.string().optional(),
  KeyUsage: z.string().optional(),
});

/** AWS::KMS::Key */
export function keyHandler(backend: KeyBackend | undefined): ResourceHandler {
  return async (request) => {
    const { Description, KeySpec, KeyUsage } = request.parse(key);
    const { region, accountId } = request.stack;
    const { stackName, logicalId } = request.identity;
    if (backend === undefined) {
      const id = physicalUuid(request.identity);
      return withoutBackend({ ref: id, attributes: { Arn: arnOf(request, 'kms', `key/${id}`), KeyId: id } }, 'kms');
    }
    const { keyId, arn } = await backend.createKey({
      logicalId: `${stackName}/${logicalId}`,
      region,
      accountId,
      ...(Description === undefined ? {} : { description: Description }),
      keySpec: KeySpec ?? 'SYMMETRIC_DEFAULT',
      keyUsage: KeyUsage ?? 'ENCRYPT_DECRYPT',
    });
    return { ref: keyId, attributes: { Arn: arn, KeyId: keyId } };
  };
}

const alias = z.object({ AliasName: z.string(), TargetKeyId: z.string() });

/** AWS::KMS::Alias */
export function aliasHandler(backend: KeyBackend | undefined): ResourceHandler {
  return async (request) => {
    const { AliasName: name, TargetKeyId } = request.parse(alias);
    const { region, accountId } = request.stack;
    const result = { ref: name };
    if (backend === undefined) return withoutBackend(result, 'kms');
    await backend.createAlias({ alias: name, region, accountId, keyId: TargetKeyId.split('/').at(-1) ?? TargetKeyId });
    return result;
  };
}

const secret = z.object({
  Name: z.string().optional(),
  Description: z.string().optional(),
  SecretString: z.string().optional(),
  GenerateSecretString: z
    .object({
      SecretStringTemplate: z.string().optional(),
      GenerateStringKey: z.string().optional(),
      PasswordLength: integer.optional(),
      ExcludeCharacters: z.string().optional(),
      ExcludeLowercase: flag.optional(),
      ExcludeNumbers: flag.optional(),
      ExcludePunctuation: flag.optional(),
      ExcludeUppercase: flag.optional(),
      IncludeSpace: flag.optional(),
      RequireEachIncludedType: flag.optional(),
    })
    .optional(),
});

/** AWS::SecretsManager::Secret */
export function secretHandler(backend: SecretBackend | undefined): ResourceHandler {
  return async (request) => {
    const properties = request.parse(secret);
    const { region, accountId } = request.stack;
    const name = nameOf(request, properties.Name, { maxLength: 256 });
    if (backend === undefined) {
      const absent = arnOf(request, 'secretsmanager', `secret:${name}`);
      return withoutBackend({ ref: absent, attributes: { Id: absent } }, 'secretsmanager');
    }
    const { arn } = await backend.createSecret({
      name,
      region,
      accountId,
      description: properties.Description,
      value: properties.SecretString,
      generate: properties.GenerateSecretString,
    });
    return { ref: arn, attributes: { Id: arn } };
  };
}

const parameter = z.object({ Name: z.string().optional(), Type: z.string(), Value: z.coerce.string() });

/** AWS::SSM::Parameter */
export function parameterHandler(backend: ParameterBackend | undefined): ResourceHandler {
  return async (request) => {
    const { Name, Type: type, Value: value } = request.parse(parameter);
    const { region, accountId } = request.stack;
    const name = nameOf(request, Name, { maxLength: 512 });
    request.exportParameter(region, name, value);
    const result = { ref: name, attributes: { Type: type, Value: value } };
    if (backend === undefined) return withoutBackend(result, 'ssm');
    await backend.createParameter({ name, region, accountId, type, value });
    return result;
  };
}
