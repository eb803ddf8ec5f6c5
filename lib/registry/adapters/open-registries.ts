import { LadingError } from '../../core/errors.ts';
import { type RegistriesConfig, type RegistriesConfigInput, registriesConfigSchema } from '../model.ts';
import type { Registries } from '../ports.ts';
import { openEntries, type RegistriesDependencies } from './open-entries.ts';

/**
 * The registries of a configuration, opened on first use and kept.
 *
 * @throws LadingError `configuration-invalid`
 */
export function createRegistries(
  config: RegistriesConfig | RegistriesConfigInput,
  dependencies: RegistriesDependencies = {},
): Registries {
  const parsed = registriesConfigSchema.safeParse(config);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw new LadingError(
      'configuration-invalid',
      `the registries are not configured well: ${where} ${issue?.message}`,
    );
  }
  return openEntries(parsed.data.entries, dependencies);
}
