import { isIP } from 'node:net';
import { classifyAddress } from '../../../core/address-class.ts';
import { registryError } from '../../errors.ts';

/** Where a registry's client may go. Realms, redirects and upload locations are chosen by whoever answers. */
export interface OriginPolicy {
  readonly base: URL;
  /** @throws LadingError `address-blocked` */
  check(url: URL, what: string): void;
  isAllowedAddress(address: string): boolean;
}

export interface OriginPolicyOptions {
  readonly base: URL;
  readonly allowHosts: readonly string[];
  readonly allowInsecure: boolean;
  readonly allowPrivate: boolean;
}

export function createOriginPolicy(options: OriginPolicyOptions): OriginPolicy {
  const { base, allowInsecure, allowPrivate } = options;
  const patterns = options.allowHosts.map((host) => host.toLowerCase());
  const isAllowedAddress = (address: string): boolean => {
    const kind = classifyAddress(address);
    return kind === 'public' || (kind === 'private' && allowPrivate);
  };
  const block = (url: URL, what: string, why: string, hint?: string): never => {
    throw registryError('address-blocked', `${what} ${describeUrl(url)} was not followed: ${why}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  };
  return {
    base,
    isAllowedAddress,
    check(url, what) {
      if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowInsecure)) {
        block(
          url,
          what,
          'only https is allowed',
          'set allowInsecure on the entry of a registry that speaks plain http',
        );
      }
      if (url.username !== '' || url.password !== '') block(url, what, 'it carries a user name');
      if (url.origin !== base.origin && !patterns.some((pattern) => matchesHost(pattern, url))) {
        block(url, what, `the registry ${base.host} has no such host in its allow-list`, 'add it to allowHosts');
      }
      if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 && !isAllowedAddress(url.hostname)) {
        block(url, what, 'the address is private, link-local or reserved', 'allowPrivate opens private ones');
      }
    },
  };
}

function matchesHost(pattern: string, url: URL): boolean {
  const [, name = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(pattern) ?? [];
  if (url.port !== port) return false;
  return name.startsWith('*.') ? url.hostname.endsWith(name.slice(1)) : url.hostname === name;
}

/** Scheme, host and path: a query may hold a signature that is as good as a password. */
export const describeUrl = (url: URL): string => `${url.origin}${url.pathname}`.slice(0, 300);
