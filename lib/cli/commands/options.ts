import { Option } from '@commander-js/extra-typings';

/** The options that commands share. */
export const outputOption = () =>
  new Option('-o, --output <format>', 'how to print').choices(['table', 'json'] as const).default('table' as const);
export const apiOption = () => new Option('--api <url>', 'a deployed stack (its output ApiUrl); also LADING_API');
export const dataOption = () => new Option('--data <folder>', "the local stack's data folder (default: .lading)");
