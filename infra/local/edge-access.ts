import { createHash, timingSafeEqual } from 'node:crypto';
import type { EdgeClient } from './edge-config.ts';
import type { RegistryAccess } from './registry/index.ts';

const OPERATOR = 'operator:';

/**
 * Lets in who has a token. Clients read what the gate lets out and have no name here; operators write and manage. An
 * unknown name, a wrong token and none at all are answered alike, and take as long.
 */
export function edgeAccess({
  clients,
  anonymous,
}: {
  readonly clients: readonly EdgeClient[];
  readonly anonymous: boolean;
}): RegistryAccess {
  const known = clients.map(({ name, tokenSha256, operator }) => ({
    ...{ name, operator },
    hash: Buffer.from(tokenSha256, 'hex'),
  }));
  const find = (given: { readonly name: string | undefined; readonly token: string }) => {
    const hash = createHash('sha256').update(given.token).digest();
    let found: (typeof known)[number] | undefined;
    // All of them, so that the time tells nothing of where it is.
    for (const client of known) {
      const isIt = timingSafeEqual(client.hash, hash) && (given.name === undefined || given.name === client.name);
      if (isIt) found = client;
    }
    return found;
  };
  return {
    async authenticate(header) {
      if (header === undefined) return anonymous ? { principal: undefined } : 'refused';
      const given = readHeader(header);
      const client = given && find(given);
      if (client === undefined) return 'refused';
      return { principal: client.operator ? `${OPERATOR}${client.name}` : undefined };
    },
    authorize: (principal, action) => principal !== undefined || READS.has(action),
    isOperator: (principal) => principal?.startsWith(OPERATOR) === true,
  };
}

const READS: ReadonlySet<string> = new Set([
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:DescribeImages',
  'ecr:DescribeRepositories',
  'ecr:GetDownloadUrlForLayer',
  'ecr:ListImageReferrers',
  'ecr:ListImages',
]);

/** RFC 7617 and RFC 6750. A bearer token has no user name beside it. */
function readHeader(header: string): { readonly name: string | undefined; readonly token: string } | undefined {
  if (header.length > 4_096) return undefined;
  const bearer = /^Bearer ([\w.~+/=-]+)$/i.exec(header)?.[1];
  if (bearer !== undefined) return { name: undefined, token: bearer };
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header)?.[1];
  if (basic === undefined) return undefined;
  const text = Buffer.from(basic, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { name: text.slice(0, colon), token: text.slice(colon + 1) };
}
