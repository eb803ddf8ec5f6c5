import { LadingError } from '../core/errors.ts';

/** A variable that the infrastructure supplies only where the configuration asks for what it names. */
export const readEnvironment = (name: string): string | undefined => process.env[name] || undefined;

/**
 * Reads a variable that the infrastructure supplies. Every name is declared by a function's `uses` (function.ts), from
 * which the CDK app derives both the variable and the grant.
 *
 * @throws LadingError `environment-missing` naming the variable
 */
export function requireEnvironment(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new LadingError('environment-missing', `the environment variable ${name} is not set`, {
    hint: 'the function declares what it uses in its function.ts; deploy the infrastructure of the same version',
  });
}
