import { randomUUID } from 'node:crypto';
import { secretsClientAt } from '../aws/secrets-client.ts';
import { systemClock } from '../core/clock.ts';
import { LadingError } from '../core/errors.ts';
import { parseImageReference } from '../core/image-reference.ts';
import { secretsManagerWebhookSecrets } from '../intake/adapters/secrets-manager-webhook-secrets.ts';
import { type ExampleRequest, exampleDelivery, type SenderKind } from '../intake/index.ts';
import { getJson } from './api-client.ts';
import { inEvents } from './commands/images.ts';
import { type Connection, connect } from './connection.ts';
import { answerNo } from './exit-code.ts';
import { defuse, paint, printJson, say } from './output.ts';
import { type ImageShape, imageAnswer, imagesAnswer } from './shapes.ts';

export interface TestWebhookOptions {
  readonly image?: string | undefined;
  readonly kind?: SenderKind | undefined;
  readonly flat?: boolean | undefined;
  readonly secret?: string | undefined;
  readonly secretId?: string | undefined;
  readonly output: 'table' | 'json';
  readonly api?: string | undefined;
  readonly data?: string | undefined;
}

/** As much of an answer as is shown. */
const MAX_ANSWER = 4096;
const TIMEOUT_MS = 30_000;

/** Sends an example of what the source's registry sends, and says what was answered. */
export async function testWebhook(source: string, options: TestWebhookOptions): Promise<void> {
  const connection = connect(options);
  const configured = connection.local?.webhookSources?.find(({ name }) => name === source);
  const kind = options.kind ?? configured?.kind ?? 'generic';
  const secret = await secretOf(source, connection, options);
  const { entry, tag } = await imageOf(connection, options.image, configured?.registry);
  const { registry, repository, digest, mediaType } = entry;
  const repositoryInPath = options.flat ? false : configured?.repositoryInPath;
  const request = exampleDelivery(
    { kind, repositoryInPath },
    { registry, repository, tag, digest, mediaType },
    secret,
    {
      now: systemClock.now(),
      id: randomUUID(),
    },
  );
  const { status, body } = await send(connection, source, request);
  const took = /^\{"accepted":[1-9]/.test(body);
  if (!took) answerNo();
  if (options.output === 'json')
    return printJson({ source, kind, image: `${registry}/${repository}:${tag}`, status, body });
  const verdict = took ? paint('green', 'taken in') : paint('red', 'not taken in');
  process.stdout.write(`${defuse(`${kind} push of ${registry}/${repository}:${tag}`)}: ${verdict}\n`);
  process.stdout.write(`${status} ${defuse(body)}\n`);
  const advice = adviceOn(status, kind);
  if (!took && advice) say(`hint: ${advice}`);
}

function adviceOn(status: number, kind: SenderKind): string | undefined {
  switch (status) {
    case 401:
      return `the stack does not know the source, has another secret for it, or does not take it for ${kind}: see intake.sources in cdk.json, or name it with --kind`;
    case 202:
      return 'the proof was right; what was ignored, and why, is in the answer';
    case 422:
      return 'the proof was right; is the registry of the image one of the configuration?';
    default:
      return undefined;
  }
}

/** @throws LadingError `secret-unknown` */
async function secretOf(source: string, { local }: Connection, options: TestWebhookOptions): Promise<string> {
  if (options.secret !== undefined) return options.secret;
  const id = options.secretId ?? local?.webhooksSecret;
  if (id === undefined) {
    throw new LadingError('secret-unknown', 'nobody says what the secret of the source is', {
      hint: 'give it with --secret or LADING_WEBHOOK_SECRET, or name where it is with --secret-id (the stack output WebhooksSecretArn)',
    });
  }
  const client = secretsClientAt(options.secretId === undefined ? local : undefined);
  const [secret] = await secretsManagerWebhookSecrets(client, id, systemClock)(source);
  if (secret !== undefined) return secret;
  throw new LadingError('secret-unknown', `the secret ${id} has none for the source "${source}"`, {
    hint: 'its text is JSON by source name: see docs/registries/README.md',
  });
}

/** @throws LadingError `image-unknown` */
async function imageOf(
  connection: Connection,
  ref: string | undefined,
  registry: string | undefined,
): Promise<{ readonly entry: ImageShape['entry']; readonly tag: string }> {
  if (ref !== undefined) {
    const asked = inEvents(ref, connection.local);
    const { image } = await getJson(connection, `/api/image?ref=${encodeURIComponent(asked)}`, imageAnswer);
    const tag = parseImageReference(asked).tag ?? image.tags[0];
    if (tag !== undefined) return { entry: image.entry, tag };
    throw new LadingError('image-unknown', `${ref} has no tag, and most registries tell of tags`);
  }
  const { images } = await getJson(connection, '/api/images?limit=200', imagesAnswer);
  for (const { entry, tags } of images) {
    const [tag] = tags;
    if (tag !== undefined && (registry === undefined || entry.registry === registry)) return { entry, tag };
  }
  throw new LadingError('image-unknown', `the stack knows no image with a tag${registry ? ` in ${registry}` : ''}`, {
    hint: 'push one, or name one with --image',
  });
}

async function send(
  connection: Connection,
  source: string,
  { headers, query, body }: ExampleRequest,
): Promise<{ readonly status: number; readonly body: string }> {
  const url = new URL(`${connection.api}/webhooks/${encodeURIComponent(source)}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  try {
    // A secret goes along: to where it was meant to go, and to no other place that this one names.
    const init = { method: 'POST', headers, body, redirect: 'error' as const };
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: response.status, body: (await response.text()).slice(0, MAX_ANSWER) };
  } catch (cause) {
    throw new LadingError('api-unreachable', `${connection.api} does not answer`, {
      cause,
      hint: 'is the stack running?',
    });
  }
}
