import { notificationError } from '../errors.ts';
import type { HttpsPost } from './https-post.ts';

/** @throws LadingError `notification-refused`, `notification-undelivered` */
type ServiceCaller = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<void>;

const isAllowedHost = (hostname: string, allowed: readonly string[]): boolean =>
  allowed.some((one) => (one.startsWith('*.') ? hostname.endsWith(one.slice(1)) : hostname === one));

/** Calls services of others: only hosts of the list, and never an address inside the network, whatever a name resolves to. */
export const serviceCaller =
  (name: string, post: HttpsPost, allowHosts: readonly string[]): ServiceCaller =>
  async (text, headers, body) => {
    if (!URL.canParse(text)) throw notificationError('notification-refused', `${name} has no address that can be read`);
    const url = new URL(text);
    if (!isAllowedHost(url.hostname, allowHosts)) {
      throw notificationError(
        'notification-refused',
        `${name}: ${url.hostname} is not among the hosts that may be called`,
        {
          hint: 'notifications.allowHosts in the configuration lists them',
        },
      );
    }
    const { status } = await post({
      url,
      headers: { 'user-agent': 'lading', ...headers },
      body: Buffer.from(body),
      allowPrivate: false,
    });
    if (status >= 200 && status < 300) return;
    const passing = status === 408 || status === 425 || status === 429 || status >= 500;
    throw notificationError(
      passing ? 'notification-undelivered' : 'notification-refused',
      `${name} answered ${status}`,
    );
  };
