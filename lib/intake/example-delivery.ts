import { createHmac } from 'node:crypto';
import { LadingError, unreachable } from '../core/errors.ts';
import type { SenderKind } from './config.ts';
import { SECRET_PARAMETER } from './senders/proofs.ts';

export interface ExampleImage {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly mediaType: string;
}

export interface ExampleSender {
  readonly kind: SenderKind;
  /** Of Artifactory and Nexus, as configured. */
  readonly repositoryInPath?: boolean | undefined;
}

export interface ExampleRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What differs from one delivery to the next, so that a second example is no repetition of the first. */
export interface ExampleMoment {
  readonly now: Date;
  readonly id: string;
}

/**
 * A push of the image as this kind of registry would tell it, with the proof that it would give.
 * @throws LadingError `example-not-signable` for Google, whose tokens only Google can sign
 */
export function exampleDelivery(
  sender: ExampleSender,
  image: ExampleImage,
  secret: string,
  moment: ExampleMoment,
): ExampleRequest {
  const { kind } = sender;
  const body = JSON.stringify(bodyOf(sender, image, moment));
  const hmac = (algorithm: 'sha1' | 'sha256'): string => createHmac(algorithm, secret).update(body).digest('hex');
  const request = (more: Readonly<Record<string, string>>, query: Readonly<Record<string, string>> = {}) => ({
    headers: { 'content-type': 'application/json', ...more },
    query,
    body,
  });
  switch (kind) {
    case 'generic':
      return request({ 'x-lading-signature': `sha256=${hmac('sha256')}` });
    case 'cloudevents':
      return request({
        'content-type': 'application/cloudevents+json',
        'x-lading-signature': `sha256=${hmac('sha256')}`,
      });
    case 'harbor':
      return request({ authorization: secret });
    case 'distribution':
    case 'gitlab':
      return request({
        'content-type': 'application/vnd.docker.distribution.events.v2+json',
        authorization: secret,
      });
    case 'docker-hub':
    case 'quay':
      return request({}, { [SECRET_PARAMETER]: secret });
    case 'acr':
      return request({ 'aeg-event-type': 'Notification' }, { [SECRET_PARAMETER]: secret });
    case 'ghcr':
      return request({
        'x-github-event': 'package',
        'x-github-delivery': moment.id,
        'x-hub-signature-256': `sha256=${hmac('sha256')}`,
      });
    case 'artifactory':
      return request({ 'x-jfrog-event-auth': hmac('sha256') });
    case 'nexus':
      return request({
        'x-nexus-webhook-id': 'rm:repository:component',
        'x-nexus-webhook-delivery': moment.id,
        'x-nexus-webhook-signature': hmac('sha1'),
      });
    case 'google':
      throw notSignable();
    default:
      return unreachable(kind);
  }
}

const notSignable = (): LadingError =>
  new LadingError('example-not-signable', 'only Google can sign what its Pub/Sub sends', {
    hint: 'push an image, or publish to the topic: gcloud pubsub topics publish gcr --message=\'{"action":"INSERT","digest":"HOST/PROJECT/REPOSITORY/IMAGE@sha256:…"}\'',
  });

interface Telling extends ExampleImage {
  readonly time: string;
  readonly seconds: number;
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly repositoryInPath: boolean | undefined;
}

function bodyOf(sender: ExampleSender, image: ExampleImage, { now, id }: ExampleMoment): unknown {
  const { kind, repositoryInPath } = sender;
  if (kind === 'google') throw notSignable();
  const [namespace = '', ...names] = image.repository.split('/');
  const moment = { id, time: now.toISOString(), seconds: Math.floor(now.getTime() / 1000) };
  return bodies[kind]({ ...image, ...moment, namespace, name: names.join('/'), repositoryInPath });
}

const notice = ({ registry, repository, tag, digest, mediaType, time }: Telling) => ({
  ...{ action: 'push', registry, repository, tag, digest, mediaType },
  occurredAt: time,
});

const distributionEvent = ({ id, time, mediaType, digest, repository, tag }: Telling) => ({
  ...{ id, timestamp: time, action: 'push' },
  target: { mediaType, digest, repository, tag },
});

const envelope = (told: Telling) => ({ events: [distributionEvent(told)] });

/** As the vendors document them; the pages are named in `senders/`. */
const bodies: Readonly<Record<Exclude<SenderKind, 'google'>, (told: Telling) => unknown>> = {
  generic: (told) => ({ events: [notice(told)] }),
  cloudevents: (told) => ({
    ...{ specversion: '1.0', id: told.id, source: 'lading', type: 'lading.webhook.test', time: told.time },
    data: notice(told),
  }),
  harbor: ({ registry, repository, digest, tag, seconds, name, namespace }) => ({
    ...{ type: 'PUSH_ARTIFACT', occur_at: seconds, operator: 'lading' },
    event_data: {
      resources: [{ digest, tag, resource_url: `${registry}/${repository}:${tag}` }],
      repository: { name, namespace, repo_full_name: repository, repo_type: 'private' },
    },
  }),
  distribution: envelope,
  gitlab: envelope,
  'docker-hub': ({ repository, tag, seconds, name, namespace }) => ({
    push_data: { pushed_at: seconds, pusher: 'lading', tag },
    repository: { repo_name: repository, namespace, name },
  }),
  quay: ({ registry, repository, tag, name, namespace }) => ({
    ...{ name, namespace, repository, docker_url: `${registry}/${repository}` },
    updated_tags: [tag],
  }),
  acr: (told) => [
    {
      ...{ id: told.id, eventType: 'Microsoft.ContainerRegistry.ImagePushed', eventTime: told.time },
      ...{ subject: `${told.repository}:${told.tag}`, data: distributionEvent(told), dataVersion: '1.0' },
    },
  ],
  ghcr: ({ registry, repository, tag, digest, time }) => ({
    action: 'published',
    package: {
      package_type: 'CONTAINER',
      package_version: {
        ...{ version: digest, updated_at: time, package_url: `${registry}/${repository}:${tag}` },
        container_metadata: { tag: { name: tag, digest } },
      },
    },
    sender: { login: 'lading' },
  }),
  artifactory: ({ id, repository, tag, digest, name, namespace, repositoryInPath }) => ({
    ...{ domain: 'docker', event_type: 'pushed', subscription_key: id },
    data: {
      ...(repositoryInPath === false
        ? { repo_key: 'docker', image_name: repository }
        : { repo_key: namespace, image_name: name }),
      ...{ tag, name: 'manifest.json', sha256: digest.slice(7) },
    },
  }),
  nexus: ({ id, repository, tag, time, name, namespace, repositoryInPath }) => ({
    ...{ timestamp: time, nodeId: id, initiator: 'lading', action: 'CREATED' },
    repositoryName: repositoryInPath ? namespace : 'docker',
    component: { format: 'docker', name: repositoryInPath ? name : repository, version: tag },
  }),
};
