import { credentialDefences } from './credential-defences.ts';
import { type Defence, defence } from './defence.ts';
import { lifecycleDefences } from './lifecycle-defences.ts';
import { trustDefences } from './trust-defences.ts';

const HTTP = 'lib/registry/adapters/http';
const ATTACKERS = 'test/lib/registry/http/attackers.test.ts';
const MORE = 'test/lib/registry/http/more-attackers.test.ts';
const WIRE = 'test/lib/registry/http/wire.test.ts';
const EMBEDDED = 'test/infra/local/registry';

const anyRedirect = [
  `${HTTP}/exchange.ts`,
  'policy.check(url, hop === 0 ? request.what :',
  'void (hop === 0 ? request.what :',
] as const;

export const defences: readonly Defence[] = [
  defence(
    'bearer realm on a foreign host',
    [ATTACKERS, 'does not ask a foreign realm for a token, nor tell it the password'],
    [`${HTTP}/authenticator.ts`, "    policy.check(url, 'the bearer realm');", ''],
    [`${HTTP}/authenticator.ts`, "  policy.check(request.url, 'the bearer realm');", ''],
  ),
  defence(
    'redirect to the metadata address, to another scheme, to a foreign host',
    [ATTACKERS, 'does not follow a redirect to'],
    anyRedirect,
  ),
  defence(
    'metadata address on the allow-list',
    [ATTACKERS, 'blocks the metadata address even where the allow-list'],
    [`${HTTP}/origin-policy.ts`, '!isAllowedAddress(url.hostname)) {', 'false) {'],
  ),
  defence(
    'credentials over a redirect',
    [ATTACKERS, 'leaves the credentials behind when it follows a redirect'],
    [`${HTTP}/exchange.ts`, 'trusted &&= url.origin === policy.base.origin;', ''],
  ),
  defence(
    'challenge of the host that a redirect led to',
    [ATTACKERS, 'does not heed a challenge of the host'],
    [`${HTTP}/exchange.ts`, 'first.status === 401 && first.trusted &&', 'first.status === 401 &&'],
  ),
  defence(
    'upload location on another origin',
    [ATTACKERS, 'sends no byte of an upload to a foreign location'],
    [`${HTTP}/uploads.ts`, "exchange.policy.check(url, 'the upload location');", ''],
    anyRedirect,
  ),
  defence(
    'next page on another host',
    [ATTACKERS, 'does not read the next page on another host'],
    [`${HTTP}/lists.ts`, 'if (url.origin === exchange.policy.base.origin) return url;', 'return url;'],
    anyRedirect,
  ),
  defence(
    'foreign layer URL',
    [MORE, 'fetches no layer from where its maker keeps it'],
    [
      'lib/replication/copy-blobs.ts',
      'return await send(transfer, blob, meter);',
      'if (blob.urls?.[0]) await fetch(blob.urls[0]);\n    return await send(transfer, blob, meter);',
    ],
  ),
  defence(
    'blob that is longer than promised',
    [ATTACKERS, 'notices a blob that is too long, too short, or another'],
    ['lib/registry/verify-content.ts', 'if (size !== undefined && seen > size) throw', 'if (size === 0.5) throw'],
    ['lib/registry/verify-content.ts', 'if (size !== undefined && seen !== size) throw', 'if (size === 0.5) throw'],
  ),
  defence(
    'blob that is shorter than promised',
    [ATTACKERS, 'notices a blob that is too long, too short, or another'],
    ['lib/registry/verify-content.ts', 'if (size !== undefined && seen !== size) throw', 'if (size === 0.5) throw'],
  ),
  defence(
    'blob of another digest',
    [ATTACKERS, 'notices a blob that is too long, too short, or another'],
    ['lib/registry/verify-content.ts', 'if (actual !== digest) throw', 'if (size === 0.5) throw'],
  ),
  defence(
    'manifest of another digest',
    [ATTACKERS, 'does not take a manifest under a wrong digest'],
    [`${HTTP}/manifests.ts`, 'if (actual !== digest) throw', 'if (actual === undefined) throw'],
  ),
  defence(
    'another range than was asked for',
    [ATTACKERS, 'does not take another range for the one it asked for'],
    [`${HTTP}/blobs.ts`, 'if (partial && Number(given) === range.start) {', 'if (given) {'],
  ),
  defence(
    'endless blob',
    [ATTACKERS, 'stops an endless blob, manifest, list and token'],
    ['lib/registry/verify-content.ts', 'if (size !== undefined && seen > size) throw', 'if (size === 0.5) throw'],
  ),
  defence(
    'manifest over 4 MiB',
    [MORE, 'takes no manifest of more than 4 MiB'],
    [
      `${HTTP}/manifests.ts`,
      'collectContent(response.body, MAX_MANIFEST_BYTES,',
      'collectContent(response.body, MAX_MANIFEST_BYTES * 4,',
    ],
  ),
  defence(
    'list or token without end',
    [MORE, 'takes no list of more than 8 MiB, nor a token of more than 1 MiB'],
    [
      `${HTTP}/answers.ts`,
      'collectContent(response.body, limit, what)',
      'collectContent(response.body, limit * 8, what)',
    ],
    [`${HTTP}/answers.ts`, '{ what, maxBytes: limit }', '{ what, maxBytes: limit * 8 }'],
  ),
  defence(
    'slow body',
    [MORE, 'does not hold up the reader of a'],
    [
      `${HTTP}/deadline.ts`,
      'const timer = setTimeout(() => {',
      'const timer = setTimeout(() => {\n    if (ms > 0) return;',
    ],
  ),
  defence(
    'silent peer',
    [ATTACKERS, 'gives up on a peer that falls silent'],
    [`${HTTP}/wire/connection.ts`, 'if (left <= 0) this.destroy(this.#silent());', 'if (left <= 0) return;'],
  ),
  defence(
    'answer with a length and chunks, or two lengths',
    [WIRE, 'that two readers could end at two places'],
    [
      `${HTTP}/wire/framing.ts`,
      'if (coding !== undefined && length !== undefined) throw',
      'if (coding === "none") throw',
    ],
  ),
  defence(
    'second answer to one request',
    [WIRE, 'is used for one request after another, and not after a surplus'],
    [
      `${HTTP}/wire/connection.ts`,
      'if (framing?.done && !framing.surplus) this.#finish();',
      'if (framing?.done) this.#finish();',
    ],
  ),
  defence(
    'answer to a request that is yet to come',
    [WIRE, 'takes nothing that comes before it was asked for'],
    [
      `${HTTP}/wire/connection.ts`,
      "if (!this.#busy) this.destroy(new ConnectionLost('the peer said something that nobody asked for'));",
      'if (!this.#busy) this.#waking = false;',
    ],
  ),
  defence(
    'head of an answer without end',
    [WIRE, 'fails by'],
    [`${HTTP}/wire/connection.ts`, 'if (all.length > MAX_HEAD_BYTES) return all;', ''],
    [`${HTTP}/wire/connection.ts`, 'bytes.subarray(0, MAX_HEAD_BYTES + END_OF_HEAD.length)', 'bytes'],
  ),
  defence(
    'gzip in gzip, and content that was packed unasked',
    [MORE, 'is never unpacked by the client'],
    [`${HTTP}/exchange.ts`, "encoding !== undefined && encoding.toLowerCase() !== 'identity'", 'false'],
  ),
  defence(
    'name that resolves to a private or reserved address',
    [ATTACKERS, 'for a public name'],
    [`${HTTP}/transport.ts`, 'addresses.filter(({ address }) => policy.isAllowedAddress(address))', 'addresses'],
  ),
  defence(
    'DNS rebinding',
    [ATTACKERS, 'connects to exactly the address that was checked'],
    [
      `${HTTP}/transport.ts`,
      'if (options.all) callback(null, allowed);',
      'if (options.all) resolve(hostname, { ...options, all: true }, callback as never);',
    ],
  ),
  defence(
    'header injection by a token',
    [MORE, 'gets nothing into a request by a token, a type or a password'],
    [`${HTTP}/authenticator.ts`, 'if (!/^[\\x21-\\x7e]{1,65536}$/.test(value)) {', 'if (value === undefined) {'],
  ),
  defence(
    'path and header injection by a name',
    [ATTACKERS, 'lets nothing into a path that is no name'],
    [`${HTTP}/paths.ts`, 'if (isRepositoryName(repository)) return', 'if (repository !== undefined) return'],
  ),
  defence(
    'referrer that names another subject',
    ['test/lib/registry/http/failures.test.ts', 'believes an entry only if'],
    [
      'lib/registry/list-referrers-by-tag.ts',
      'return manifest.subject?.digest === of.digest ? referrerDescriptor(manifest) : undefined;',
      'return referrerDescriptor(manifest);',
    ],
  ),
  defence(
    'manifest that reads as two things (CVE-2021-41190)',
    [`${EMBEDDED}/read-manifest.test.ts`, 'manifests that are refused'],
    ['infra/local/registry/read-manifest.ts', 'if (confusion !== undefined) return refused(confusion);', ''],
  ),
  defence(
    'upload that is not what its digest says',
    [`${EMBEDDED}/push.test.ts`, "a digest that is not the content's"],
    ['infra/local/registry/write-blobs.ts', 'if (actual !== digest) {', 'if (actual === undefined) {'],
  ),
  defence(
    'web page that writes to the registry',
    [`${EMBEDDED}/server.test.ts`, 'refuses hostile paths and writes'],
    [
      'infra/local/registry/http/server.ts',
      'if (request.headers.origin !== undefined &&',
      'if (request.headers.origin === "none" &&',
    ],
  ),
  defence(
    'forged webhook',
    ['test/lib/intake/receive-webhook.test.ts', 'refuses a delivery'],
    ['lib/intake/senders/proofs.ts', 'return valid && wellFormed;', 'return wellFormed;'],
  ),
  defence(
    'mutated webhook',
    ['test/lib/intake/mutations.test.ts', 'are refused where the proof does not fit'],
    [
      'lib/intake/senders/proofs.ts',
      'timingSafeEqual(bytes, createHmac(algorithm, secret).update(request.body).digest()),',
      'timingSafeEqual(bytes.subarray(0, 1), createHmac(algorithm, secret).update(request.body).digest().subarray(0, 1)),',
    ],
  ),
  defence(
    'replayed webhook',
    ['test/lib/intake/receive-webhook.test.ts', 'takes a delivery in once'],
    [
      'lib/intake/receive-webhook.ts',
      "if (await ports.deliveries.seen(request.source, delivery)) return { kind: 'repeated' };",
      '',
    ],
  ),
  defence(
    'endless webhook',
    ['test/lib/intake/receive-webhook.test.ts', 'refuses a body over the cap'],
    ['lib/intake/receive-webhook.ts', "if (request.body.length > MAX_WEBHOOK_BYTES) return { kind: 'refused' };", ''],
  ),
  defence(
    'webhook of a registry that is not configured',
    ['test/lib/intake/receive-webhook.test.ts', 'refuses news of'],
    ['lib/intake/to-drafts.ts', 'if (!ports.isConfigured(registry)) {', 'if (registry === undefined) {'],
  ),
  defence(
    'image that nobody has looked at, by tag, digest or blob',
    [`${EMBEDDED}/mirror.test.ts`, 'holds an image by tag'],
    [
      'lib/mirror/judge-image.ts',
      "return refused === undefined ? { kind: 'held', retryAfterSeconds }",
      "return refused === undefined ? { kind: 'serve' }",
    ],
  ),
  defence(
    'held blob, asked for by its digest',
    [`${EMBEDDED}/mirror.test.ts`, 'holds an image by tag, digest and blob'],
    [
      'infra/local/registry/mirror/mirror.ts',
      'await this.#admit(client, this.#route(client.repository), namedBy, undefined);',
      '',
    ],
  ),
  defence(
    'held layer, mounted elsewhere',
    [`${EMBEDDED}/mirror.test.ts`, 'lets our own functions read what is held'],
    [
      'infra/local/registry/http/serve-uploads.ts',
      'if (exchange.principal === undefined && exchange.mirrorOf(name) !== undefined) continue;',
      '',
    ],
  ),
  defence(
    'end of a blob before its digest is known',
    [`${EMBEDDED}/mirror.test.ts`, 'never sends the end of a blob'],
    [
      'infra/local/registry/mirror/blob-flight.ts',
      'Math.min(upload.offset(), size - 1)',
      'Math.min(upload.offset(), size)',
    ],
  ),
  defence(
    'mirror as a proxy to anything upstream',
    [`${EMBEDDED}/mirror.test.ts`, 'no blob that no manifest names'],
    [
      'infra/local/registry/mirror/mirror.ts',
      'if (size === undefined) throw',
      'if (size === undefined) return 9;\n    if (size < 0) throw',
    ],
  ),
  defence(
    'push into a mirror',
    [`${EMBEDDED}/mirror.test.ts`, 'takes no pushes'],
    [
      'infra/local/registry/http/server.ts',
      'if (principal === undefined && WRITES.has(action) && mirrorOf(repository) !== undefined) {',
      'if (principal === "nobody") {',
    ],
  ),
  ...credentialDefences,
  ...trustDefences,
  ...lifecycleDefences,
];
