import { retentionAnswers, retentionRequests } from './retention-schemas.ts';

type Json = { readonly [key: string]: unknown };
type Schemas =
  | (typeof retentionAnswers)[keyof typeof retentionAnswers]
  | (typeof retentionRequests)[keyof typeof retentionRequests];

/** The part of the OpenAPI document about what is kept and what goes, made with the document's own helpers. */
export function retentionOpenApi(make: {
  readonly get: (operationId: string, summary: string, ok: Json, parameters?: readonly Json[]) => Json;
  readonly json: (name: string, description: string) => Json;
  readonly schemaOf: (schema: Schemas, io?: 'input' | 'output') => Json;
  readonly problem: Json;
}): { readonly paths: Json; readonly schemas: Json } {
  const { get, json, schemaOf, problem } = make;
  const post = (operationId: string, summary: string, request: string, ok: Json): Json => ({
    post: {
      operationId,
      summary,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${request}` } } },
      },
      responses: { 200: ok, default: problem },
    },
  });
  const hold = get('listHolds', 'What is held without an end', json('Holds', 'by repository'));
  return {
    paths: {
      '/api/retention/preview': post(
        'previewRetention',
        'What the deployed rules of retention, or the given ones, would do now; nothing is done',
        'RetentionPreview',
        json('RetentionPlans', 'one plan for each repository'),
      ),
      '/api/retention/explain': post(
        'explainRetention',
        'Why an image is kept or goes',
        'RetentionQuestion',
        json('RetentionExplanation', 'its fate, and why'),
      ),
      '/api/retention/replay': post(
        'replayRetention',
        'What the rules would have deleted in the past, and what of that was used later',
        'RetentionReplayRequest',
        json('RetentionReplays', 'one for each registry'),
      ),
      '/api/retention/quarantine': get('listQuarantined', 'What is set aside', json('Quarantined', 'by repository')),
      '/api/holds': {
        ...hold,
        ...post('placeHold', 'Holds an image until somebody takes that back', 'Hold', json('Held', 'what came of it')),
      },
      '/api/holds/remove': post('liftHold', 'Takes a hold back', 'HoldRemoval', json('HoldLifted', 'what came of it')),
      '/api/leases': post('placeLease', 'Holds an image for some hours', 'Lease', json('Held', 'what came of it')),
      '/api/usage': post(
        'reportUsage',
        'Takes in what a collector sees',
        'UsageReport',
        json('UsageTaken', 'what is held now'),
      ),
      '/api/restores': post(
        'requestRestore',
        'Asks for an archived image to be brought back, because it was pulled; within the limits of a day',
        'RestoreRequest',
        json('RestoreAnswer', 'whether it comes back, and when to try again'),
      ),
    },
    schemas: {
      RetentionPreview: schemaOf(retentionRequests.preview, 'input'),
      RetentionPlans: schemaOf(retentionAnswers.plans),
      RetentionQuestion: schemaOf(retentionRequests.explain, 'input'),
      RetentionExplanation: schemaOf(retentionAnswers.explanation),
      RetentionReplayRequest: schemaOf(retentionRequests.replay, 'input'),
      RetentionReplays: schemaOf(retentionAnswers.replays),
      Quarantined: schemaOf(retentionAnswers.quarantined),
      Holds: schemaOf(retentionAnswers.holds),
      Hold: schemaOf(retentionRequests.hold, 'input'),
      Held: schemaOf(retentionAnswers.held),
      HoldRemoval: schemaOf(retentionRequests.liftHold, 'input'),
      HoldLifted: schemaOf(retentionAnswers.lifted),
      Lease: schemaOf(retentionRequests.lease, 'input'),
      UsageReport: schemaOf(retentionRequests.usage, 'input'),
      UsageTaken: schemaOf(retentionAnswers.usage),
      RestoreRequest: schemaOf(retentionRequests.restore, 'input'),
      RestoreAnswer: schemaOf(retentionAnswers.restore),
    },
  };
}
