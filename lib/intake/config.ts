import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';

export { type SenderKind, senderKinds } from './sender-kinds.ts';

const name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'not lower-case letters, digits and -');
const registry = z.string().refine(isRegistryHost, 'not a registry host');

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    /** The last part of the URL, and the source's key in the secret `webhooks`. */
    name,
    kind: z.enum(['acr', 'cloudevents', 'distribution', 'docker-hub', 'generic', 'ghcr', 'gitlab', 'harbor', 'quay']),
    /** The host of the configured registry that it speaks of, and of no other. */
    registry,
  }),
  z.strictObject({
    name,
    kind: z.literal('google'),
    registry,
    /** The audience that the push subscription puts into its tokens. */
    audience: z.string().min(1).max(500),
    /** The e-mail of the service account that the subscription signs as. */
    serviceAccount: z.email(),
  }),
  z.strictObject({
    name,
    kind: z.literal('artifactory'),
    registry,
    /** Images are `host/REPOSITORY/image` (access by repository path); false where the host names the repository. */
    repositoryInPath: z.boolean().default(true),
  }),
  z.strictObject({
    name,
    kind: z.literal('nexus'),
    registry,
    /** Images are `host/REPOSITORY/image` (path-based routing); false where a port or a host is the repository's own. */
    repositoryInPath: z.boolean().default(false),
  }),
]);

const poll = z.strictObject({
  /** The host of a configured registry that sends no notifications, or none that reach us. */
  registry,
  /** Names, or globs over those that the registry lists: most public ones list none. */
  repositories: z.array(z.string().min(1).max(255)).min(1).max(200),
  /** Globs over tags. */
  tags: z.array(z.string().min(1).max(128)).min(1).max(50).default(['**']),
  /** What becomes of the tags that are there when a repository is polled for the first time. */
  firstRun: z.enum(['remember', 'announce']).default('remember'),
});

/** The setting `intake`: which registry sends its notifications to which `/webhooks/{source}`, and in which form. */
export const intakeConfigSchema = z.strictObject({
  sources: z
    .array(source)
    .max(50)
    .superRefine((sources, context) => {
      const names = sources.map((one) => one.name);
      const twice = names.find((one, i) => names.indexOf(one) !== i);
      if (twice !== undefined) context.addIssue({ code: 'custom', message: `the source "${twice}" appears twice` });
    })
    .default([]),
  /** Registries that are asked for new tags, at each run of `reconcile`. */
  polls: z
    .array(poll)
    .max(50)
    .superRefine((polls, context) => {
      const hosts = polls.map((one) => one.registry);
      const twice = hosts.find((one, i) => hosts.indexOf(one) !== i);
      if (twice !== undefined) context.addIssue({ code: 'custom', message: `"${twice}" is polled twice` });
    })
    .default([]),
});
export type IntakeConfig = Readonly<z.infer<typeof intakeConfigSchema>>;
export type RegistryPoll = Readonly<z.infer<typeof poll>>;
export type IntakeSource = Readonly<z.infer<typeof source>>;
