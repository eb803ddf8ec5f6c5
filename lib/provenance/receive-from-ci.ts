import { z } from 'zod';
import { isLadingError } from '../core/errors.ts';
import { type ImageLocation, parseLocationKey } from '../core/image-reference.ts';
import { parseJsonStrict } from '../core/json.ts';
import { saveJson } from '../documents/index.ts';
import type { EventDraft } from '../events/index.ts';
import type { KeySets } from '../identity/index.ts';
import { checkPusher } from './check-pusher.ts';
import type { ProvenanceConfig } from './config.ts';
import { fromClaims, ruleFor } from './from-claims.ts';
import type { PushLog } from './ports.ts';
import { type RecordPorts, recordProvenance } from './record-provenance.ts';
import { verifyCiToken } from './verify-ci-token.ts';

export const MAX_CI_BYTES = 1024 * 1024;

const material = z.strictObject({
  uri: z.string().min(1).max(1000),
  digest: z
    .string()
    .regex(/^[A-Za-z0-9]+:[A-Za-z0-9+/=_-]{8,200}$/)
    .optional(),
});

/** in-toto test result v0.1 (in-toto/attestation, spec/predicates/test-result.md). */
const testResult = z.strictObject({
  result: z.enum(['PASSED', 'WARNED', 'FAILED']),
  configuration: z.array(z.looseObject({})).min(1).max(100),
  url: z.url().optional(),
  passedTests: z.array(z.string()).max(50_000).optional(),
  warnedTests: z.array(z.string()).max(50_000).optional(),
  failedTests: z.array(z.string()).max(50_000).optional(),
});

const requestSchema = z.strictObject({
  /** `registry/repository@digest` */
  image: z.string().max(500),
  /** What CI knows of what went into it: base images by digest, dependencies. */
  materials: z.array(material).max(500).default([]),
  tests: testResult.optional(),
  /** An OpenVEX document about the image (openvex/spec, OPENVEX-SPEC.md). */
  vex: z
    .looseObject({
      '@context': z.string().startsWith('https://openvex.dev/ns'),
      author: z.string().min(1),
      statements: z
        .array(z.looseObject({ vulnerability: z.looseObject({ name: z.string() }), status: z.string() }))
        .min(1),
    })
    .optional(),
});

export type CiAnswer =
  | { readonly kind: 'recorded'; readonly event: EventDraft; readonly image: ImageLocation }
  /** Who asks is not who may. The answer is one, whatever was wrong; the reason is for the log. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'invalid'; readonly problem: string };

export interface ReceivePorts extends RecordPorts {
  readonly keys: KeySets;
  readonly pushes: Pick<PushLog, 'noteBuild'>;
  /** Whether the image is known to Lading: nobody leaves statements about what is not there. */
  isKnown(image: ImageLocation): Promise<boolean>;
}

/**
 * Takes in what CI says of an image that it built, with the identity that its platform signed. The token proves which
 * repository and commit speaks; that the image came out of it is that repository's word, which its rule allows it.
 *
 * @throws where the issuer's keys or our stores do not answer
 */
export async function receiveFromCi(
  ports: ReceivePorts,
  request: { readonly token: string; readonly body: Uint8Array },
  config: ProvenanceConfig,
): Promise<CiAnswer> {
  const reading = await verifyCiToken(request.token, config.issuers, ports.keys, ports.clock.now());
  if (reading.kind === 'refused') return reading;
  const body = readBody(request.body);
  if ('problem' in body) return { kind: 'invalid', problem: body.problem };
  const { image, materials, tests, vex } = body;
  const given = materials.map(({ uri, digest }) => ({ uri, ...(digest === undefined ? {} : { digest }) }));
  const build = fromClaims(reading.issuer, reading.claims, given);
  if (build === undefined) return { kind: 'refused', reason: 'its token lacks claims that tell of the build' };
  const rule = ruleFor(reading.issuer, build, `${image.registry}/${image.repository}`);
  if (rule === undefined) {
    return { kind: 'refused', reason: `${build.repository} at ${build.ref} may not speak of ${image.repository}` };
  }
  if (!(await ports.isKnown(image))) return { kind: 'invalid', problem: 'the image is not known here (yet)' };
  for (const [kind, said] of [['tests', tests] as const, ['vex', vex] as const]) {
    if (said === undefined) continue;
    const document = await saveJson(ports.documents, 'attestations/given', said);
    const receivedAt = ports.clock.now().toISOString();
    await ports.materials.add({ subject: image, kind, document, source: build.provenance.source, receivedAt });
  }
  const { kind, issuer } = reading.issuer;
  const { repository, ref, actor, provenance } = build;
  const { hosted, source } = provenance;
  const document = await saveJson(ports.documents, 'attestations/given', provenance.predicate);
  const pushedBy = await ports.pushes.noteBuild(image, { issuer, repository, ref, actor, hosted, source, document });
  const pusher = checkPusher(image, { kind, issuer, actor, pushers: rule.pushers }, pushedBy);
  const event = await recordProvenance(ports, image, provenance, { config, pusher });
  return { kind: 'recorded', event, image };
}

type Body = { readonly image: ImageLocation } & Pick<z.infer<typeof requestSchema>, 'materials' | 'tests' | 'vex'>;

function readBody(bytes: Uint8Array): Body | { readonly problem: string } {
  try {
    const parsed = requestSchema.safeParse(parseJsonStrict(bytes, { maxBytes: MAX_CI_BYTES, what: 'the request' }));
    if (!parsed.success) return { problem: z.prettifyError(parsed.error) };
    const { image, materials, tests, vex } = parsed.data;
    return { image: parseLocationKey(image), materials, tests, vex };
  } catch (error) {
    if (isLadingError(error)) return { problem: error.message };
    throw error;
  }
}
