import { LadingError } from '../core/errors.ts';
import { type CatalogEntry, tagsOf } from '../inventory/index.ts';
import { describeImage, findImage, type ImageOverview } from '../overview/index.ts';
import type { ConsolePorts } from './ports.ts';

export async function overviewOf(ports: ConsolePorts, entry: CatalogEntry): Promise<ImageOverview> {
  return describeImage(ports, entry, await tagsOf(ports.catalog, entry), ports.replicated(entry));
}

/** The image of the query's `ref`. @throws LadingError `reference-missing`, `reference-invalid`, `image-unknown` */
export async function imageOf(ports: ConsolePorts, ref: string | undefined): Promise<ImageOverview> {
  if (!ref) throw new LadingError('reference-missing', 'the query needs ?ref=registry/repository:tag or …@digest');
  return overviewOf(ports, await findImage(ports.catalog, ref));
}

/** A number of the query between the two, or what stands in for it where it is none. */
export function numberOf(text: string | undefined, least: number, most: number, otherwise: number): number {
  const value = text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
  return Math.min(most, Math.max(least, value));
}

/** Signatures, SBOMs and replicas are shown with what they are about, never by themselves. */
export const standsAlone = (entry: CatalogEntry): boolean =>
  entry.referrerOf === undefined && entry.replicaOf === undefined && entry.deletedAt === undefined;
