import { z } from 'zod';
import { parseName } from '../../formats/x509/index.ts';
import { signingError } from '../errors.ts';
import { isProfileArn } from './profile-arn.ts';

/** What is checked of a signature (Notary Project, specs/trust-store-trust-policy.md, "Signature Verification details"). */
export type NotationCheck = 'authenticity' | 'authenticTimestamp' | 'expiry' | 'revocation';
/** `log`: a failure is told and does not matter. */
export type NotationAction = 'enforce' | 'log' | 'skip';

const action = z.enum(['enforce', 'log', 'skip']);
const scope = z
  .string()
  .max(400)
  .refine((text) => text === '*' || /^[^*/\s]+\/[^*\s]+$/.test(text), 'neither "*" nor REGISTRY/REPOSITORY');
const identity = z
  .string()
  .max(1000)
  .refine(isIdentity, 'neither "*", x509.subject: with a distinguished name, nor the ARN of a signing profile');

function isIdentity(text: string): boolean {
  if (text === '*') return true;
  const [prefix, ...rest] = text.split(':');
  // A mistyped profile would be trusted by nobody, silently.
  if (/^arn:[^:]*:signer:/.test(text)) return isProfileArn(text);
  if (prefix !== 'x509.subject') return /^[A-Za-z0-9._-]+:./.test(text);
  try {
    const name = parseName(rest.join(':'));
    return ['C', 'ST', 'O'].every((part) => name.has(part));
  } catch {
    return false;
  }
}

const statementSchema = z
  .object({
    name: z.string().min(1).max(200),
    registryScopes: z.array(scope).min(1).max(1000),
    signatureVerification: z.object({
      level: z.enum(['strict', 'permissive', 'audit', 'skip']),
      override: z
        .strictObject({
          authenticity: z.enum(['enforce', 'log']).optional(),
          authenticTimestamp: z.enum(['enforce', 'log']).optional(),
          expiry: z.enum(['enforce', 'log']).optional(),
          revocation: action.optional(),
        })
        .optional(),
      verifyTimestamp: z.enum(['always', 'afterCertExpiry']).optional(),
    }),
    trustStores: z
      .array(z.string().regex(/^(?:ca|signingAuthority|tsa):[a-zA-Z0-9_.-]+$/, 'not TYPE:NAME of a trust store'))
      .max(100)
      .default([]),
    trustedIdentities: z.array(identity).max(100).default([]),
  })
  .superRefine((statement, context) => {
    const { registryScopes, signatureVerification, trustStores, trustedIdentities } = statement;
    const issue = (message: string): void => void context.addIssue({ code: 'custom', message });
    if (registryScopes.length > 1 && registryScopes.includes('*')) issue('"*" stands beside other scopes');
    if (trustedIdentities.length > 1 && trustedIdentities.includes('*')) issue('"*" stands beside other identities');
    const given = trustStores.length > 0 && trustedIdentities.length > 0;
    if (signatureVerification.level !== 'skip' && !given) issue('it needs trust stores and trusted identities');
    if (signatureVerification.level !== 'skip') return;
    if (trustStores.length + trustedIdentities.length > 0) issue('it skips verification, and names whom to trust');
    if (signatureVerification.override !== undefined) issue('what is skipped cannot be overridden');
  });

const documentSchema = z
  .object({ version: z.literal('1.0'), trustPolicies: z.array(statementSchema).min(1).max(1000) })
  .superRefine(({ trustPolicies }, context) => {
    const twice = (values: readonly string[]): string | undefined => values.find((v, i) => values.indexOf(v) !== i);
    const name = twice(trustPolicies.map((one) => one.name));
    const scopes = twice(trustPolicies.flatMap((one) => one.registryScopes));
    if (name !== undefined) context.addIssue({ code: 'custom', message: `the name "${name}" appears twice` });
    if (scopes !== undefined) context.addIssue({ code: 'custom', message: `the scope "${scopes}" appears twice` });
  });

/** A trust policy document, version 1.0. */
export type NotationPolicy = Readonly<z.infer<typeof documentSchema>>;
export type NotationStatement = NotationPolicy['trustPolicies'][number];

/** @throws LadingError `trust-invalid` */
export function parseNotationPolicy(value: unknown): NotationPolicy {
  const parsed = documentSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw signingError('trust-invalid', `the trust policy is not valid: ${z.prettifyError(parsed.error)}`);
}

/** The statement for the repository: the one that names it, else the one for all. */
export function statementFor(policy: NotationPolicy, repository: string): NotationStatement | undefined {
  const { trustPolicies } = policy;
  return (
    trustPolicies.find(({ registryScopes }) => registryScopes.includes(repository)) ??
    trustPolicies.find(({ registryScopes }) => registryScopes.includes('*'))
  );
}

const LEVELS: Readonly<Record<'strict' | 'permissive' | 'audit', Readonly<Record<NotationCheck, NotationAction>>>> = {
  strict: { authenticity: 'enforce', authenticTimestamp: 'enforce', expiry: 'enforce', revocation: 'enforce' },
  permissive: { authenticity: 'enforce', authenticTimestamp: 'log', expiry: 'log', revocation: 'log' },
  audit: { authenticity: 'log', authenticTimestamp: 'log', expiry: 'log', revocation: 'log' },
};

/** What is done about each check that fails. Integrity is enforced always. `undefined`: everything is skipped. */
export function actionsOf(statement: NotationStatement): Readonly<Record<NotationCheck, NotationAction>> | undefined {
  const { level, override = {} } = statement.signatureVerification;
  if (level === 'skip') return undefined;
  const base = LEVELS[level];
  return {
    authenticity: override.authenticity ?? base.authenticity,
    authenticTimestamp: override.authenticTimestamp ?? base.authenticTimestamp,
    expiry: override.expiry ?? base.expiry,
    revocation: override.revocation ?? base.revocation,
  };
}

/** Whether an image may have to be asked about at AWS Signer: some statement trusts a signing profile, and wants to know. */
export const namesProfiles = ({ trustPolicies }: NotationPolicy): boolean =>
  trustPolicies.some(
    (statement) =>
      statement.trustedIdentities.some(isProfileArn) && (actionsOf(statement)?.revocation ?? 'skip') !== 'skip',
  );
