/** Who sends: each has a module of its name in `senders/`. */
export const senderKinds = [
  'acr',
  'artifactory',
  'cloudevents',
  'distribution',
  'docker-hub',
  'generic',
  'ghcr',
  'gitlab',
  'google',
  'harbor',
  'nexus',
  'quay',
] as const;
export type SenderKind = (typeof senderKinds)[number];
