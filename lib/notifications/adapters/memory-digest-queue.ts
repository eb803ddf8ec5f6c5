import type { Notification } from '../model.ts';
import type { DigestQueue } from '../ports.ts';

export function memoryDigestQueue(): DigestQueue {
  const rows = new Map<string, Map<string, Notification>>();
  const of = (channel: string): Map<string, Notification> => {
    const own = rows.get(channel) ?? new Map<string, Notification>();
    rows.set(channel, own);
    return own;
  };
  const keyOf = ({ time, id }: Notification): string => `${time}#${id}`;
  return {
    add: async (channel, { data: _data, ...notification }) =>
      void of(channel).set(keyOf(notification as Notification), { ...notification, data: undefined }),
    waiting: async (channel) =>
      [...of(channel)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, 500)
        .map(([, one]) => one),
    remove: async (channel, notifications) => {
      for (const one of notifications) of(channel).delete(keyOf(one));
    },
  };
}
