import { z } from 'zod';
import { locationKey } from '../core/image-reference.ts';
import { digestSchema, type EventDefinition, subjectSchema } from './envelope.ts';

/** Registries do not always tell the media type; the catalogue reads it from the manifest. */
export const announcedSubject = subjectSchema.extend({ mediaType: z.string().optional() });
export const documentRef = z.object({ key: z.string().min(1), digest: digestSchema });

type AboutOneImage = {
  readonly subject: { registry: string; repository: string; digest: `sha256:${string}` | `sha512:${string}` };
};
export const bySubject = (data: AboutOneImage): string => locationKey(data.subject);

export function define<Data extends z.ZodType>(
  source: EventDefinition['source'],
  detailType: string,
  data: Data,
  discriminator: (data: z.infer<Data>) => string,
): EventDefinition<Data> {
  return { source, detailType, schemaVersion: 1, data, discriminator };
}
