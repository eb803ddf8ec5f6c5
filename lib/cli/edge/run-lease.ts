import { z } from 'zod';
import { parseImageReference } from '../../core/image-reference.ts';
import { askRegistry, type EdgeAddress } from '../edge-registry.ts';
import { defuse, printJson, say } from '../output.ts';
import { printTable } from '../table.ts';

const lease = z.object({ key: z.string(), holder: z.string(), until: z.number().optional() });
const leasesAnswer = z.object({ leases: z.array(lease) });

/** Leases of the edge: what stays whatever else wants its place. */
export async function runLeases(options: EdgeAddress & { readonly output: 'table' | 'json' }): Promise<void> {
  const { leases } = await askRegistry(options, '/_lading/leases', leasesAnswer);
  if (options.output === 'json') return printJson({ leases });
  printTable(
    ['IMAGE', 'HOLDER', 'UNTIL'],
    leases.map(({ key, holder, until }) => [
      defuse(key),
      defuse(holder),
      until === undefined ? 'it is given up' : new Date(until).toISOString(),
    ]),
  );
}

export async function runLease(
  image: string,
  options: EdgeAddress & {
    readonly holder: string;
    readonly for?: number | undefined;
    readonly release?: true | undefined;
  },
): Promise<void> {
  const host = new URL(options.registry).host;
  const { repository, digest, tag } = parseImageReference(image.includes('://') ? image : `${host}/${image}`);
  const { leases } = await askRegistry(options, '/_lading/leases', leasesAnswer, {
    method: options.release ? 'DELETE' : 'POST',
    body: {
      ...{ repository, reference: digest ?? tag ?? 'latest', holder: options.holder },
      ...(options.for === undefined ? {} : { seconds: options.for }),
    },
  });
  const rest = leases.length === 0 ? 'nobody holds it now' : `held by ${leases.map(({ holder }) => holder).join(', ')}`;
  say(`${image}: ${defuse(rest)}`);
}
