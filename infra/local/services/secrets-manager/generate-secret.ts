import { randomInt } from 'node:crypto';
import { LadingError } from '../../../../lib/core/errors.ts';
import { parseJsonStrict } from '../../../../lib/core/json.ts';

/** `GenerateSecretString` of `AWS::SecretsManager::Secret`, with its defaults. */
export interface GenerateSecretString {
  readonly passwordLength?: number;
  readonly excludeCharacters?: string;
  readonly excludeLowercase?: boolean;
  readonly excludeUppercase?: boolean;
  readonly excludeNumbers?: boolean;
  readonly excludePunctuation?: boolean;
  readonly includeSpace?: boolean;
  readonly requireEachIncludedType?: boolean;
  /** A JSON object into which the password goes under `generateStringKey`. */
  readonly secretStringTemplate?: string;
  readonly generateStringKey?: string;
}

const LOWERCASE = 'abcdefghijklmnopqrstuvwxyz';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** A whole number from 0 up to, not including, the bound. */
export type RandomIndex = (bound: number) => number;

/** @throws LadingError `secret-invalid` when no such password exists, or the template is no JSON object */
export function generateSecretString(options: GenerateSecretString, random: RandomIndex = randomInt): string {
  const password = generatePassword(options, random);
  const { secretStringTemplate: template, generateStringKey: key } = options;
  if (template === undefined && key === undefined) return password;
  if (template === undefined || key === undefined) {
    throw new LadingError('secret-invalid', 'SecretStringTemplate and GenerateStringKey go together');
  }
  const object = parseJsonStrict(template, { what: 'the SecretStringTemplate' });
  if (object === null || typeof object !== 'object' || Array.isArray(object)) {
    throw new LadingError('secret-invalid', 'the SecretStringTemplate is no JSON object');
  }
  return JSON.stringify(Object.fromEntries([...Object.entries(object), [key, password]]));
}

function generatePassword(options: GenerateSecretString, random: RandomIndex): string {
  const { passwordLength: length = 32, excludeCharacters = '', requireEachIncludedType = true } = options;
  const types = [
    options.excludeLowercase ? '' : LOWERCASE,
    options.excludeUppercase ? '' : LOWERCASE.toUpperCase(),
    options.excludeNumbers ? '' : '0123456789',
    options.excludePunctuation ? '' : PUNCTUATION,
    options.includeSpace ? ' ' : '',
  ]
    .map((characters) => [...characters].filter((character) => !excludeCharacters.includes(character)))
    .filter((characters) => characters.length > 0);
  const all = types.flat();
  const required = requireEachIncludedType ? types : [];
  if (all.length === 0 || length < Math.max(1, required.length) || length > 4096) {
    throw new LadingError('secret-invalid', `no password of ${length} characters can be made as asked`);
  }
  const pick = (from: readonly string[]): string => from[random(from.length)] ?? '';
  const password = required.map(pick);
  while (password.length < length) password.push(pick(all));
  // Fisher and Yates: the required ones must not stand in front.
  for (let i = password.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [password[i], password[j]] = [password[j] ?? '', password[i] ?? ''];
  }
  return password.join('');
}
