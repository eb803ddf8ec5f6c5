import { createHash } from 'node:crypto';

export interface ResourceIdentity {
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
  readonly logicalId: string;
}

const hash = ({ accountId, region, stackName, logicalId }: ResourceIdentity): Buffer =>
  createHash('sha256').update(`${accountId}/${region}/${stackName}/${logicalId}`).digest();

/**
 * The physical name of a resource that the template leaves unnamed: like CloudFormation's `stack-logicalId-suffix`,
 * but with a suffix derived from the identity instead of a random one, so that the name survives a restart.
 */
export function physicalName(
  of: ResourceIdentity,
  rule: { readonly maxLength: number; readonly lowerCase?: boolean },
): string {
  const suffix = hash(of).toString('hex').slice(0, 8);
  const name = `${of.stackName}-${of.logicalId}`.slice(0, rule.maxLength - suffix.length - 1);
  const full = `${name}-${suffix}`;
  return rule.lowerCase === true ? full.toLowerCase() : full;
}

/** A UUID (version 8, RFC 9562) derived from the identity, for resources that AWS names so. */
export function physicalUuid(of: ResourceIdentity): string {
  const bytes = hash(of).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Ten lower-case letters and digits, as API Gateway's ids are. */
export const physicalId = (of: ResourceIdentity): string =>
  BigInt(`0x${hash(of).toString('hex').slice(0, 24)}`)
    .toString(36)
    .padStart(10, '0')
    .slice(0, 10);
