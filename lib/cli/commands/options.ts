import { InvalidArgumentError, Option } from '@commander-js/extra-typings';

/** The options that commands share. */
export const outputOption = () =>
  new Option('-o, --output <format>', 'how to print').choices(['table', 'json'] as const).default('table' as const);
export const apiOption = () => new Option('--api <url>', 'a deployed stack (its output ApiUrl); also LADING_API');
export const dataOption = () => new Option('--data <folder>', "the local stack's data folder (default: .lading)");
export const limitOption = (description: string, most: number) =>
  new Option('-n, --limit <number>', description).argParser(wholeNumber(1, most)).default(50);

/** Reads an option's value that must be a whole number; what is none is told instead of guessed at. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
/** Gathers what an option that may be given more than once was given. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
export const platformOption = () =>
  new Option('--platform <os/arch[/variant]>', 'which image of an index (default: what this machine would run)');
export const plainHttpOption = () =>
  new Option('--plain-http', 'speak http, and to private addresses (always so with registries on this machine)');

export const imageHelp = `
An image is named by one of
  oci:DIR[:REF]               a ref or digest of an OCI image layout
  oci-archive:FILE[:REF]      the same in a tar archive
  docker-archive:FILE[:REF]   what "docker save" wrote
  HOST/REPOSITORY[:TAG]       in a registry; also HOST/REPOSITORY@sha256:…`;
