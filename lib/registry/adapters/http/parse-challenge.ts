/** One challenge of a `WWW-Authenticate` header. Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_LENGTH = 16 * 1024;
const MAX_CHALLENGES = 16;
const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;

/**
 * Reads the challenges of a `WWW-Authenticate` header (RFC 9110, section 11.6.1), several of which may stand in one
 * list. What is malformed ends the reading; the challenges before it are kept. Runs in time linear to the text.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const input = { text: header.slice(0, MAX_LENGTH), at: 0 };
  const challenges: Challenge[] = [];
  while (challenges.length < MAX_CHALLENGES) {
    skip(input, /[\s,]*/y);
    const scheme = take(input, TOKEN);
    if (scheme === undefined) break;
    const parameters = new Map<string, string>();
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
    skip(input, /[ \t]*/y);
    if (input.text.charAt(input.at) === ',' || take(input, TOKEN68) !== undefined) continue;
    if (!readParameters(input, parameters)) break;
  }
  return challenges;
}

interface Input {
  readonly text: string;
  at: number;
}

/** False at a syntax error. A token that no `=` follows is the scheme of the next challenge and is left for it. */
function readParameters(input: Input, parameters: Map<string, string>): boolean {
  for (;;) {
    const start = input.at;
    const name = take(input, TOKEN)?.toLowerCase();
    if (name === undefined) return input.at >= input.text.length;
    skip(input, /[ \t]*/y);
    if (take(input, /=/y) === undefined) {
      input.at = start;
      return parameters.size > 0;
    }
    skip(input, /[ \t]*/y);
    const value = take(input, /"(?:[^"\\]|\\.)*"/sy) ?? take(input, TOKEN);
    if (value === undefined) return false;
    // The first of two equal names counts, as with the clients that registries are tested against.
    if (!parameters.has(name)) parameters.set(name, unquote(value));
    skip(input, /[ \t]*/y);
    if (take(input, /,[\s,]*/y) === undefined) return input.at >= input.text.length;
  }
}

const unquote = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value;

function take(input: Input, pattern: RegExp): string | undefined {
  pattern.lastIndex = input.at;
  const found = pattern.exec(input.text)?.[0];
  if (found !== undefined) input.at += found.length;
  return found;
}

const skip = (input: Input, pattern: RegExp): void => void take(input, pattern);
