import { type Defence, defence } from './defence.ts';

const CREDENTIALS = 'lib/registry/credentials';
const ADAPTERS = 'lib/registry/adapters/credentials';
const AUTHENTICATOR = 'lib/registry/adapters/http/authenticator.ts';
const TESTS = 'test/lib/registry/credentials';

const attackers = (title: string) => [`${TESTS}/attackers.test.ts`, title] as const;
const provider = (title: string) => [`${TESTS}/provider.test.ts`, title] as const;
const rotation = (title: string) => [`${TESTS}/rotation.test.ts`, title] as const;

/** How credentials are kept from going where they are not meant to go. */
export const credentialDefences: readonly Defence[] = [
  defence(
    'refresh token to a foreign realm',
    attackers('is told to no foreign realm'),
    [AUTHENTICATOR, "    policy.check(url, 'the bearer realm');", ''],
    [AUTHENTICATOR, "  policy.check(request.url, 'the bearer realm');", ''],
  ),
  defence('token that opens another registry', attackers('is not asked for: the name at the token service'), [
    AUTHENTICATOR,
    'if (expected !== undefined && service !== expected) {',
    "if (expected === '') {",
  ]),
  defence('registry that repeats our proof in its reason', attackers('that repeats what we sent is not written'), [
    'lib/registry/adapters/http/answers.ts',
    ".replace(/\\b(basic|bearer)\\s+[\\w+/=.~-]{4,}/gi, '$1 …')",
    '',
  ]),
  defence('endless answer of a token service', attackers('is read to 1 MiB and no further'), [
    `${ADAPTERS}/call-service.ts`,
    'collectContent(response.body, maxBytes,',
    'collectContent(response.body, 1e12,',
  ]),
  defence('token service at a metadata, private or plain address', attackers('is not at '), [
    `${ADAPTERS}/call-service.ts`,
    "policy.check(call.url, 'the service');",
    '',
  ]),
  defence("header injection by an administrator's secret", attackers('gets no header that a secret could break'), [
    `${ADAPTERS}/call-service.ts`,
    'if (/^[\\x20-\\x7e]*$/.test(value)) continue;',
    'if (value !== undefined) continue;',
  ]),
  defence('redirect of an AWS service', attackers('leads nowhere else: neither a signature'), [
    'lib/aws/json-call.ts',
    "redirect: 'error', ",
    '',
  ]),
  defence('endless answer of an AWS service', attackers('is not believed with'), [
    'lib/aws/json-call.ts',
    'if (size > maxBytes)',
    'if (size > 1e12)',
  ]),
  defence('line end inside of a stored password', provider('is refused, without being repeated'), [
    `${CREDENTIALS}/parse-secret.ts`,
    '/\\p{Cc}/u.test(username + password)',
    'false',
  ]),
  defence('line end inside of a stored token', provider('is refused, without being repeated'), [
    `${CREDENTIALS}/parse-secret.ts`,
    'if (/^[\\x21-\\x7e]{1,65536}$/.test(text)) return text;',
    'if (text.length > 0) return text;',
  ]),
  defence('exchanged token that would split a request', provider('is nothing where the answer is'), [
    `${CREDENTIALS}/exchanges/token-answer.ts`,
    'z.string().regex(/^[\\x21-\\x7e]{1,65536}$/)',
    'z.string()',
  ]),
  defence('key that names a token service of its own', provider("is a service account's key for an access"), [
    `${CREDENTIALS}/exchanges/google.ts`,
    'url: new URL(TOKEN_URL),',
    'url: new URL((readJson(await ports.secrets.read(key)) as { token_uri: string }).token_uri),',
  ]),
  defence('registry that has a secret read on and on', provider('reads again once when refused'), [
    `${CREDENTIALS}/create-provider.ts`,
    ' || now() - renewedAt < RENEW_MS',
    '',
  ]),
  defence(
    'credential helper by a path',
    ['test/lib/cli/docker-credentials.test.ts', 'runs no helper of the name'],
    ['lib/cli/source/docker-credentials.ts', 'if (!/^[A-Za-z0-9_.-]{1,60}$/.test(name)) {', "if (name === 'none') {"],
  ),
  defence(
    'registry that repeats a secret to the terminal',
    ['test/lib/cli/credentials-command.test.ts', 'prints no secret, whatever the registry'],
    ['lib/cli/credentials/check-entry.ts', '{ answer, why: redactor.clean(why) }', '{ answer, why }'],
  ),
  defence(
    'tokens of others, by an id in the secret',
    [`${TESTS}/issuers.test.ts`, 'are not touched by an id that somebody'],
    [`${ADAPTERS}/issuers/harbor.ts`, 'if (isOurs(id)) return id;', 'if (id !== undefined) return id;'],
  ),
  defence('two rotations at once', rotation('never takes away what is in force when several'), [
    `${CREDENTIALS}/rotation/rotate-credentials.ts`,
    'if (lease === undefined) return false;',
    'if (lease === undefined) return runSteps(secret, config, ports);',
  ]),
  defence('rotation that puts in force what does not work', rotation('leaves what is in force where the registry'), [
    `${CREDENTIALS}/rotation/rotate-credentials.ts`,
    "if (await test.works({ kind: 'basic', username, password })) {",
    "if ((await test.works({ kind: 'basic', username, password })) !== undefined) {",
  ]),
  defence('rotation that sweeps away what is in force', rotation('never takes away what is in force, whatever'), [
    `${CREDENTIALS}/rotation/rotate-credentials.ts`,
    'if (!known.has(id)) await',
    'if (id !== undefined) await',
  ]),
];
