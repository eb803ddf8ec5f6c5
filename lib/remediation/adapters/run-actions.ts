import { createHash, createHmac } from 'node:crypto';
import { describeError, LadingError } from '../../core/errors.ts';
import type { ImageSubject } from '../../events/index.ts';
import type { ManifestReader, ManifestWriter } from '../../registry/index.ts';
import type { RemediationAction, RemediationConfig } from '../config.ts';
import { pullRequestText } from '../describe-plan.ts';
import type { RemediationPlan } from '../model.ts';
import type { ActionRunner } from '../ports.ts';

/** Posts once, follows nothing, and gives the status alone (see the notifications' adapter of the same shape). */
export type Post = (request: {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly allowPrivate: boolean;
}) => Promise<{ readonly status: number }>;

/** One call of AWS (`lib/aws/json-call.ts`), with the function's own role. */
type AwsCall = (call: {
  readonly service: string;
  readonly target: string;
  readonly region: string;
  readonly input: Readonly<Record<string, unknown>>;
}) => Promise<unknown>;

export interface ActionOptions {
  readonly post: Post;
  readonly aws: AwsCall;
  /** The text of a token. */
  readonly token: (name: string) => Promise<string | undefined>;
  readonly registry: (host: string) => Promise<ManifestReader & ManifestWriter>;
  readonly allowHosts: RemediationConfig['allowHosts'];
}

export function actionRunner({ post, aws, token, registry, allowHosts }: ActionOptions): ActionRunner {
  const call = async (url: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> => {
    const target = new URL(url);
    if (!isAllowed(target.hostname, allowHosts)) {
      throw new LadingError('action-refused', `${target.hostname} is not among the hosts that may be called`, {
        hint: 'remediation.allowHosts in the configuration lists them',
      });
    }
    const { status } = await post({
      url: target,
      headers: { 'user-agent': 'lading', ...headers },
      body: Buffer.from(body),
      allowPrivate: false,
    });
    if (status >= 200 && status < 300) return;
    const passing = status === 408 || status === 429 || status >= 500;
    throw new LadingError(passing ? 'action-failed' : 'action-refused', `${target.host} answered ${status}`, {
      retryable: passing,
    });
  };
  const secret = async (name: string): Promise<string> => {
    const text = await token(name);
    if (text) return text;
    throw new LadingError('action-refused', `the secret "integrations" has no "${name}"`, {
      hint: 'it is a JSON object of names and texts; put the token there',
    });
  };
  return {
    async run(action, plan, image) {
      if (action.kind === 'quarantine-tag') return quarantine(await registry(image.registry), action.tag, image);
      if (action.kind === 'codebuild') return startBuild(aws, action, plan, image);
      const { url, headers, body } = await requestOf(action, plan, image, secret);
      await call(url, headers, body);
    },
  };
}

const isAllowed = (hostname: string, allowed: readonly string[]): boolean =>
  allowed.some((one) => (one.startsWith('*.') ? hostname.endsWith(one.slice(1)) : hostname === one));

/** What every build is told, as variables of its own. */
const toldOf = (plan: RemediationPlan, image: ImageSubject) => ({
  cause: plan.cause,
  image: plan.image,
  repository: `${image.registry}/${image.repository}`,
  ...pullRequestText(plan),
});

/** Names and values of all variables together have at most 5,500 characters (CodeBuild API reference, StartBuild). */
const MAX_VARIABLE = 3_000;

/**
 * CodeBuild API reference, StartBuild. The token makes a repetition within five minutes the same build; after that the
 * record of what was done for this cause does.
 *
 * @throws LadingError `action-refused`, `action-failed` (retryable)
 */
async function startBuild(
  aws: AwsCall,
  { project, region, sourceVersion, environment }: Extract<RemediationAction, { readonly kind: 'codebuild' }>,
  plan: RemediationPlan,
  image: ImageSubject,
): Promise<void> {
  const told = Object.entries(toldOf(plan, image)).map(([name, value]): [string, string] => [
    `LADING_${name.toUpperCase()}`,
    value.slice(0, name === 'body' ? MAX_VARIABLE : 300),
  ]);
  const input = {
    projectName: project,
    ...(sourceVersion ? { sourceVersion } : {}),
    idempotencyToken: createHash('sha256').update(`${plan.cause} ${project}`).digest('hex'),
    environmentVariablesOverride: [...Object.entries(environment), ...told].map(([name, value]) => ({
      ...{ name, value, type: 'PLAINTEXT' },
    })),
  };
  try {
    await aws({ service: 'codebuild', target: 'CodeBuild_20161006.StartBuild', region, input });
  } catch (cause) {
    const passing = cause instanceof LadingError && cause.retryable;
    const why = `CodeBuild does not start ${project}: ${describeError(cause)}`;
    throw new LadingError(passing ? 'action-failed' : 'action-refused', why, { retryable: passing, cause });
  }
}

interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

async function requestOf(
  action: Exclude<RemediationAction, { readonly kind: 'quarantine-tag' | 'codebuild' }>,
  plan: RemediationPlan,
  image: ImageSubject,
  secret: (name: string) => Promise<string>,
): Promise<Outgoing> {
  const json = { 'content-type': 'application/json' };
  const told = toldOf(plan, image);
  switch (action.kind) {
    case 'github': {
      // GitHub REST API, "Create a repository dispatch event": at most ten members in client_payload.
      const body = JSON.stringify({ event_type: action.eventType, client_payload: { ...told, changes: plan.changes } });
      const authorization = `Bearer ${await secret(action.token)}`;
      return {
        url: `${base(action.url)}/repos/${action.repository}/dispatches`,
        headers: { ...json, authorization, accept: 'application/vnd.github+json' },
        body,
      };
    }
    case 'gitlab': {
      // GitLab API, "Trigger a pipeline with a token".
      const form = new URLSearchParams({ token: await secret(action.token), ref: action.ref });
      for (const [name, value] of Object.entries(told)) form.set(`variables[LADING_${name.toUpperCase()}]`, value);
      const url = `${base(action.url)}/api/v4/projects/${encodeURIComponent(action.project)}/trigger/pipeline`;
      return { url, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form.toString() };
    }
    case 'jenkins': {
      const prefixed = Object.entries(told).map(([name, value]): [string, string] => [
        `LADING_${name.toUpperCase()}`,
        value,
      ]);
      // Jenkins, "Remote access API": parameters of the job; an API token needs no crumb.
      const path = action.job
        .split('/')
        .map((part) => `job/${encodeURIComponent(part)}`)
        .join('/');
      const login = Buffer.from(`${action.user}:${await secret(action.token)}`).toString('base64');
      const form = new URLSearchParams(prefixed);
      return {
        url: `${base(action.url)}/${path}/buildWithParameters`,
        headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${login}` },
        body: form.toString(),
      };
    }
    case 'webhook': {
      const body = JSON.stringify({ ...told, plan });
      const signature = createHmac('sha256', await secret(action.token))
        .update(body)
        .digest('hex');
      return { url: action.url, headers: { ...json, 'x-lading-signature': `sha256=${signature}` }, body };
    }
  }
}

const base = (url: string): string => url.replace(/\/+$/, '');

/** One tag for each image: `quarantine-0123456789ab`. */
async function quarantine(registry: ManifestReader & ManifestWriter, tag: string, image: ImageSubject): Promise<void> {
  const { repository, digest } = image;
  const fetched = await registry.getManifest({ repository, reference: digest });
  if (fetched === undefined) return;
  const reference = `${tag}-${digest.slice(digest.indexOf(':') + 1).slice(0, 12)}`;
  await registry.putManifest({ repository, reference, bytes: fetched.bytes, mediaType: fetched.mediaType });
}
