import { lookup as dnsLookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { classifyAddress } from '../../core/address-class.ts';
import { describeError, isLadingError } from '../../core/errors.ts';
import { notificationError } from '../errors.ts';

export interface HttpsPostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly allowPrivate: boolean;
}

/** @throws LadingError `notification-refused` for an address that must not be called, `notification-undelivered` */
export type HttpsPost = (request: HttpsPostRequest) => Promise<{ readonly status: number }>;

export interface HttpsPostOptions {
  /** For everything, from the resolution of the name to the status. */
  readonly timeoutMs?: number;
  readonly resolve?: (host: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
  /** For tests: a server without TLS. */
  readonly allowInsecure?: boolean;
}

const resolveHost = (host: string) => dnsLookup(host, { all: true });

/**
 * Posts once, follows nothing, and reads no more of the answer than its status. The name is resolved once and the
 * connection goes to an address that was checked, so that a name cannot turn into an inner address in between.
 */
export function httpsPost(options: HttpsPostOptions = {}): HttpsPost {
  const { timeoutMs = 10_000, resolve = resolveHost, allowInsecure = false } = options;
  return async (given) => {
    const { url } = given;
    if (url.protocol !== 'https:' && !(allowInsecure && url.protocol === 'http:')) {
      throw notificationError('notification-refused', `notifications go by https only, not to ${url.origin}`);
    }
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const addresses = await abortable(checkedAddresses(url, resolve, given.allowPrivate), signal);
      return { status: await send(given, addresses, signal) };
    } catch (error) {
      if (isLadingError(error)) throw error;
      const why = signal.aborted ? `no answer within ${timeoutMs / 1000} s` : describeError(error);
      throw notificationError('notification-undelivered', `${url.origin}: ${why}`, { cause: error });
    }
  };
}

type Addresses = readonly { readonly address: string; readonly family: number }[];

async function checkedAddresses(
  url: URL,
  resolve: (host: string) => Promise<Addresses>,
  allowPrivate: boolean,
): Promise<Addresses> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
  const allowed = allowPrivate ? ['public', 'private'] : ['public'];
  const blocked = addresses.find(({ address }) => !allowed.includes(classifyAddress(address)));
  if (blocked === undefined && addresses.length > 0) return addresses;
  throw notificationError(
    'notification-refused',
    `${url.host} is at ${blocked?.address ?? 'no address'}, which is not called`,
    {
      hint: 'allowPrivate in the configuration of the webhook permits addresses inside the network',
    },
  );
}

/** `lookup` answers from what was checked: the request resolves nothing itself. */
const pinned =
  (addresses: Addresses): LookupFunction =>
  (_host, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };

function send({ url, headers, body }: HttpsPostRequest, addresses: Addresses, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = start(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': String(body.length), connection: 'close' },
        lookup: pinned(addresses),
        signal,
        agent: false,
        maxHeaderSize: 16 * 1024,
      },
      (response) => {
        resolve(response.statusCode ?? 0);
        // The rest of the answer is the receiver's to send and nobody's to read.
        response.on('error', () => undefined);
        response.destroy();
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
