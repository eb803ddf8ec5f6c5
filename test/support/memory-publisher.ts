import type { EventPublisher, LadingEvent } from '../../lib/events/index.ts';

export function memoryPublisher(): EventPublisher & { readonly events: LadingEvent[] } {
  const events: LadingEvent[] = [];
  return { events, publish: async (given) => void events.push(...given) };
}
