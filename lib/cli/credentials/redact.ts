import type { RegistryCredentials } from '../../registry/index.ts';

export interface Redactor {
  /** Remembers what must not be printed. */
  learn(credentials: RegistryCredentials): void;
  /** The text without it: what a registry says is a stranger's, and it knows our secret. */
  clean(text: string): string;
}

const SHORTEST = 4;

/** Takes secrets out of texts, as they are and as they go over the wire. */
export function createRedactor(): Redactor {
  const secrets = new Set<string>();
  const add = (secret: string): void => {
    if (secret.length >= SHORTEST) secrets.add(secret).add(encodeURIComponent(secret));
  };
  return {
    learn(credentials) {
      if (credentials.kind === 'basic') {
        const { username, password } = credentials;
        add(password);
        add(Buffer.from(`${username}:${password}`).toString('base64'));
      } else if (credentials.kind !== 'anonymous') add(credentials.token);
    },
    clean: (text) =>
      [...secrets].sort((a, b) => b.length - a.length).reduce((rest, secret) => rest.replaceAll(secret, '…'), text),
  };
}
