import { z } from 'zod';
import { compileGlobs } from '../core/glob.ts';
import type { CiIssuer } from './config.ts';
import type { Provenance, SourceMaterial } from './model.ts';
import type { CiClaims } from './verify-ci-token.ts';

const sha = z.string().regex(/^[a-f0-9]{40}(?:[a-f0-9]{24})?$/);

/** GitHub, "OpenID Connect reference": claims of a token of Actions. */
const github = z.object({
  repository: z.string(),
  repository_id: z.string().optional(),
  repository_owner_id: z.string().optional(),
  ref: z.string(),
  sha,
  workflow_ref: z.string(),
  job_workflow_ref: z.string().optional(),
  job_workflow_sha: sha.optional(),
  run_id: z.string(),
  run_attempt: z.string(),
  event_name: z.string(),
  actor: z.string().optional(),
  runner_environment: z.string(),
});

/** GitLab, "OpenID Connect (OIDC) authentication using ID tokens": claims of a job's token. */
const gitlab = z.object({
  project_path: z.string(),
  project_id: z.union([z.string(), z.number()]).transform(String),
  ref: z.string(),
  ref_path: z.string().optional(),
  sha,
  pipeline_id: z.union([z.string(), z.number()]).transform(String),
  job_id: z.union([z.string(), z.number()]).transform(String),
  pipeline_source: z.string().optional(),
  ci_config_ref_uri: z.string().optional(),
  ci_config_sha: sha.nullish(),
  user_login: z.string().optional(),
  runner_environment: z.string().optional(),
});

export interface Build {
  /** The source repository, as rules name it. */
  readonly repository: string;
  readonly ref: string;
  /** On whose behalf the platform ran it. */
  readonly actor?: string | undefined;
  readonly provenance: Provenance;
}

/** SLSA provenance v1 out of what the platform signed of a build; `undefined` where claims are missing. */
export function fromClaims(
  { kind, issuer }: Pick<CiIssuer, 'kind' | 'issuer'>,
  claims: CiClaims,
  materials: readonly SourceMaterial[],
): Build | undefined {
  return kind === 'github' ? fromGitHub(issuer, claims, materials) : fromGitLab(issuer, claims, materials);
}

/** Tokens of github.com come from another host than its repositories; a server of one's own has both on one. */
const gitHubServer = (issuer: string): string =>
  issuer === 'https://token.actions.githubusercontent.com' ? 'https://github.com' : new URL(issuer).origin;

function fromGitHub(issuer: string, given: CiClaims, more: readonly SourceMaterial[]): Build | undefined {
  const parsed = github.safeParse(given);
  if (!parsed.success) return undefined;
  const claims = parsed.data;
  const server = gitHubServer(issuer);
  const [workflow = '', ref = claims.ref] = claims.workflow_ref.split('@');
  // The workflow that ran the job is the builder: a reusable one is its own, whoever calls it.
  const builder = `${server}/${claims.job_workflow_ref ?? claims.workflow_ref}`;
  const source = { uri: `git+${server}/${claims.repository}@${claims.ref}`, digest: { gitCommit: claims.sha } };
  const predicate = {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: {
        workflow: {
          ref,
          repository: `${server}/${claims.repository}`,
          path: workflow.startsWith(`${claims.repository}/`) ? workflow.slice(claims.repository.length + 1) : workflow,
        },
      },
      internalParameters: {
        github: {
          event_name: claims.event_name,
          repository_id: claims.repository_id,
          repository_owner_id: claims.repository_owner_id,
          runner_environment: claims.runner_environment,
        },
      },
      resolvedDependencies: [source, ...more.map(toDescriptor)],
    },
    runDetails: {
      builder: { id: builder },
      metadata: {
        invocationId: `${server}/${claims.repository}/actions/runs/${claims.run_id}/attempts/${claims.run_attempt}`,
      },
    },
  };
  const provenance = toProvenance(predicate, {
    builder,
    materials: [{ uri: source.uri, digest: `gitCommit:${claims.sha}` }, ...more],
    hosted: claims.runner_environment === 'github-hosted',
    source: 'github',
  });
  return { repository: claims.repository, ref: claims.ref, actor: claims.actor, provenance };
}

function fromGitLab(issuer: string, given: CiClaims, more: readonly SourceMaterial[]): Build | undefined {
  const parsed = gitlab.safeParse(given);
  if (!parsed.success) return undefined;
  const claims = parsed.data;
  const ref = claims.ref_path ?? claims.ref;
  const builder = `${issuer}/${claims.project_path}/-/runners/${claims.runner_environment ?? 'unknown'}`;
  const source = { uri: `git+${issuer}/${claims.project_path}@${ref}`, digest: { gitCommit: claims.sha } };
  const predicate = {
    buildDefinition: {
      buildType: 'urn:lading:buildtype:gitlab-ci:v1',
      externalParameters: {
        repository: `${issuer}/${claims.project_path}`,
        ref,
        configuration: claims.ci_config_ref_uri,
      },
      internalParameters: {
        gitlab: {
          project_id: claims.project_id,
          pipeline_source: claims.pipeline_source,
          runner_environment: claims.runner_environment,
          ci_config_sha: claims.ci_config_sha ?? undefined,
        },
      },
      resolvedDependencies: [source, ...more.map(toDescriptor)],
    },
    runDetails: {
      builder: { id: builder },
      metadata: { invocationId: `${issuer}/${claims.project_path}/-/jobs/${claims.job_id}` },
    },
  };
  const provenance = toProvenance(predicate, {
    builder,
    materials: [{ uri: source.uri, digest: `gitCommit:${claims.sha}` }, ...more],
    hosted: claims.runner_environment === 'gitlab-hosted',
    source: 'gitlab',
  });
  return { repository: claims.project_path, ref, actor: claims.user_login, provenance };
}

const toProvenance = (
  predicate: { readonly buildDefinition: { readonly buildType: string } },
  rest: Pick<Provenance, 'builder' | 'materials' | 'hosted' | 'source'>,
): Provenance => ({ ...rest, predicate, buildType: predicate.buildDefinition.buildType, authenticity: 'token' });

function toDescriptor({ uri, digest }: SourceMaterial): unknown {
  const [algorithm = '', value] = digest?.split(':') ?? [];
  return { uri, ...(value === undefined ? {} : { digest: { [algorithm]: value } }) };
}

/** The rule by which the source repository may speak of the image; `undefined` where it may not. */
export function ruleFor(
  issuer: CiIssuer,
  build: Pick<Build, 'repository' | 'ref'>,
  image: string,
): CiIssuer['allow'][number] | undefined {
  return issuer.allow.find(
    ({ repositories, images, refs }) =>
      compileGlobs(repositories)(build.repository) &&
      compileGlobs(images)(image) &&
      (refs === undefined || compileGlobs(refs)(build.ref)),
  );
}
