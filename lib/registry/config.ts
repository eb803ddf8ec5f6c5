/** The setting `registries`, as infra validates it and functions read it. */
export {
  type RegistriesConfig,
  type RegistryEntry,
  registriesConfigSchema,
} from './model.ts';
