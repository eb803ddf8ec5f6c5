import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';
import {
  jsonError,
  jsonOk,
  type LocalService,
  type RequiredPermission,
  readBody,
  type ServiceRequest,
  type ServiceResponse,
  targetOperation,
} from '../service.ts';
import type { EventBuses } from './event-buses.ts';

const entry = z.object({
  Source: z.string().optional(),
  DetailType: z.string().optional(),
  Detail: z.string().optional(),
  EventBusName: z.string().optional(),
  Resources: z.array(z.string()).nullish(),
  Time: z.number().optional(),
});
type Entry = z.infer<typeof entry>;
const putEvents = z.object({ Entries: z.array(entry) });

/** The total of the entries of one PutEvents call, in bytes. */
const MAX_BYTES = 1024 * 1024;

/** EventBridge's PutEvents, and the look-ups that tools make. */
export function eventsService(buses: EventBuses): LocalService {
  return {
    name: 'events',
    authorize,
    handle: async (request) => {
      const body = parseBody(await readBody(request.body));
      switch (targetOperation(request)) {
        case 'PutEvents':
          return put(buses, request, body);
        case 'ListEventBuses':
          return jsonOk({ EventBuses: buses.names(request.region).map((name) => described(request, name)) });
        case 'DescribeEventBus':
          return describe(buses, request, body);
        default:
          return jsonError(
            400,
            'UnknownOperationException',
            `the local EventBridge has no ${targetOperation(request)}`,
          );
      }
    },
  };
}

function parseBody(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8') || '{}');
  } catch {
    return undefined;
  }
}

const busName = (name: string | undefined): string => (name ?? 'default').replace(/^arn:.*:event-bus\//, '');
const busArn = ({ region, accountId }: ServiceRequest, name: string): string =>
  `arn:aws:events:${region}:${accountId}:event-bus/${name}`;
const described = (request: ServiceRequest, name: string) => ({ Name: name, Arn: busArn(request, name) });

function authorize(request: ServiceRequest, bytes: Uint8Array): readonly RequiredPermission[] {
  const action = `events:${targetOperation(request)}`;
  const parsed = putEvents.safeParse(parseBody(bytes));
  const names = parsed.success ? parsed.data.Entries.map(({ EventBusName }) => busName(EventBusName)) : [];
  if (names.length === 0) return [{ action, resource: '*' }];
  return [...new Set(names)].map((name) => ({ action, resource: busArn(request, name) }));
}

function describe(buses: EventBuses, request: ServiceRequest, body: unknown): ServiceResponse {
  const parsed = z.object({ Name: z.string().optional() }).safeParse(body);
  const name = busName(parsed.success ? parsed.data.Name : undefined);
  if (buses.has(name, request.region)) return jsonOk(described(request, name));
  return jsonError(400, 'ResourceNotFoundException', `Event bus ${name} does not exist.`);
}

function put(buses: EventBuses, request: ServiceRequest, body: unknown): ServiceResponse {
  const parsed = putEvents.safeParse(body);
  if (!parsed.success) return jsonError(400, 'SerializationException', z.prettifyError(parsed.error));
  const entries = parsed.data.Entries;
  if (entries.length === 0 || entries.length > 10) {
    return jsonError(400, 'ValidationException', 'the entries of a call are from 1 to 10');
  }
  if (entries.reduce((sum, each) => sum + entrySize(each), 0) > MAX_BYTES) {
    return jsonError(400, 'ValidationException', 'Total size of the entries in the request is over the limit.');
  }
  const results = entries.map((each) => putEntry(buses, request, each));
  return jsonOk({ FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results });
}

/** "Calculating Amazon EventBridge event entry size": the time counts 14 bytes. */
function entrySize({ Time, Source, DetailType, Detail, Resources }: Entry): number {
  const texts = [Source, DetailType, Detail, ...(Resources ?? [])];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), Time === undefined ? 0 : 14);
}

type EntryResult = { readonly EventId: string } | { readonly ErrorCode: string; readonly ErrorMessage: string };

function putEntry(buses: EventBuses, request: ServiceRequest, of: Entry): EntryResult {
  const refuse = (ErrorCode: string, ErrorMessage: string): EntryResult => ({ ErrorCode, ErrorMessage });
  for (const member of ['Source', 'DetailType', 'Detail'] as const) {
    if (of[member]) continue;
    return refuse('InvalidArgument', `Parameter ${member} is not valid. Reason: ${member} is a required argument.`);
  }
  const { Source = '', DetailType = '', Detail = '' } = of;
  if (Source.startsWith('aws.')) return refuse('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = parseBody(Buffer.from(Detail));
  if (detail === null || typeof detail !== 'object' || Array.isArray(detail)) {
    return refuse('MalformedDetail', 'Detail is malformed.');
  }
  try {
    const EventId = buses.put(busName(of.EventBusName), request, {
      source: Source,
      detailType: DetailType,
      detail,
      time: of.Time === undefined ? undefined : new Date(of.Time * 1000),
      resources: of.Resources ?? [],
    });
    return { EventId };
  } catch (error) {
    // AWS takes an event for a bus that is not there and loses it; here the mistake shows.
    if (error instanceof LadingError) return refuse('ResourceNotFoundException', error.message);
    throw error;
  }
}
