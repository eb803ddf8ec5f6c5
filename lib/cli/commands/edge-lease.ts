import { Argument, Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { outputOption } from './options.ts';

const load = () => import('../edge/run-lease.ts');
const registryOption = () =>
  new Option('--registry <url>', 'base address of the edge').default('http://127.0.0.1:5000');
const tokenOption = () => new Option('--token-file <file>', 'token of a client of the edge');

export const leaseCommand = () =>
  new Command('lease')
    .description('keep an image at an edge, whatever else wants its place; it may be leased by digest before it comes')
    .addArgument(new Argument('<image>', 'REPOSITORY:TAG or REPOSITORY@DIGEST, as it is named at the edge'))
    .option('--holder <name>', 'who needs it', 'operator')
    .option('--for <time>', 'such as 12h or 30d (default: until it is released)', secondsOf)
    .option('--release', 'it is needed no more')
    .addOption(registryOption())
    .addOption(tokenOption())
    .action(async (image, options) => (await load()).runLease(image, options));

export const leasesCommand = () =>
  new Command('leases')
    .description('what is leased at an edge, by whom and until when')
    .addOption(registryOption())
    .addOption(tokenOption())
    .addOption(outputOption())
    .action(async (options) => (await load()).runLeases(options));

const UNITS: ReadonlyMap<string, number> = new Map([
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
]);

function secondsOf(text: string): number {
  const [, number = '', unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const factor = UNITS.get(unit);
  if (factor === undefined) throw new InvalidArgumentError('Write minutes, hours or days: 90m, 12h, 30d.');
  return Number(number) * factor;
}
