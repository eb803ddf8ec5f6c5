/** The setting `registries`, as infra validates it and functions read it. */
export { localOnly, type SecretSource, secretsOf } from './credentials/model.ts';
export {
  type RegistriesConfig,
  type RegistryEntry,
  registriesConfigSchema,
  rotatedSecret,
} from './model.ts';
