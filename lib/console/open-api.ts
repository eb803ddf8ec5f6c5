import { z } from 'zod';
import { deadlinesAnswer } from './deadline-routes.ts';
import { copyPlanRequest, replicationAnswers } from './replication-routes.ts';
import { retentionOpenApi } from './retention-open-api.ts';
import { sbomOpenApi } from './sbom-open-api.ts';
import { answers } from './schemas.ts';
import { securityOpenApi } from './security-open-api.ts';
import { storageOpenApi } from './storage-open-api.ts';

type Json = { readonly [key: string]: unknown };

const DIGEST = '^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$';

/** Digests are told by a function of ours, which JSON Schema cannot run but has a pattern for. */
const schemaOf = (schema: z.ZodType, io: 'input' | 'output' = 'output'): Json => {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'custom') Object.assign(jsonSchema, { type: 'string', pattern: DIGEST });
    },
  });
  return rest;
};

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const json = (name: string, description: string): Json => ({
  description,
  content: { 'application/json': { schema: ref(name) } },
});
const text = (type: string, description: string): Json => ({
  description,
  content: { [type]: { schema: { type: 'string' } } },
});
const problem: Json = {
  description: 'a problem that the caller can mend, with a code and mostly a hint',
  content: { 'application/problem+json': { schema: ref('Problem') } },
};

const query = (name: string, description: string, schema: Json, required = false): Json => ({
  name,
  in: 'query',
  description,
  required,
  schema,
});
const refParameter = query('ref', 'registry/repository:tag or registry/repository@digest', { type: 'string' }, true);
const limit = (most: number): Json =>
  query('limit', 'at most so many', { type: 'integer', minimum: 1, maximum: most, default: 50 });

const get = (operationId: string, summary: string, ok: Json, parameters: readonly Json[] = []): Json => ({
  get: {
    operationId,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: { 200: ok, default: problem },
  },
});

let made: Json | undefined;

/** The API as an OpenAPI 3.1 document. On AWS, requests are signed (SigV4, service `execute-api`). */
export function openApi(): Json {
  if (made) return made;
  const sboms = sbomOpenApi({ get, json, text, query, schemaOf, refParameter, problem });
  const retention = retentionOpenApi({ get, json, schemaOf, problem });
  const storage = storageOpenApi({ get, json, query, schemaOf, refParameter });
  const security = securityOpenApi({ json, query, schemaOf, refParameter, problem });
  made = {
    openapi: '3.1.0',
    info: {
      title: 'Lading',
      version: '1',
      description: 'Images, their stages, findings and verdicts; the audit trail; what retention would do.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: {
      '/api/images': get('listImages', 'The newest images with what is known of them', json('Images', 'newest first'), [
        limit(200),
      ]),
      '/api/image': get('getImage', 'One image with its findings', json('Image', 'the image'), [refParameter]),
      '/api/events': get('listEvents', 'Events of the audit trail', json('Events', 'oldest first'), [
        query('after', 'only those after this number', { type: 'integer', minimum: 0, default: 0 }),
        limit(500),
      ]),
      '/api/advisories': get('getAdvisories', 'Which advisories are in force', json('Advisories', 'the snapshot')),
      '/api/key': get('getKey', 'The public half of the signing key', text('application/x-pem-file', 'PEM')),
      '/api/cost/storage': get('reportStorage', 'What was stored, and by whom', json('StorageReport', 'the report'), [
        query('from', 'the beginning', { type: 'string', format: 'date-time' }, true),
        query('until', 'the end, not included', { type: 'string', format: 'date-time' }, true),
        query('by', 'whom it is counted for', { enum: ['repository', 'registry', 'label'], default: 'repository' }),
        query('label', 'the name of the label, with by=label', { type: 'string' }),
      ]),
      ...retention.paths,
      '/api/replication': get(
        'getReplication',
        'What was last found of copies at their targets',
        json('Replication', 'by target'),
      ),
      '/api/replication/plan': {
        post: {
          operationId: 'planReplication',
          summary: 'What the rules, or one of them, would copy; nothing is copied',
          requestBody: { required: true, content: { 'application/json': { schema: ref('CopyPlanRequest') } } },
          responses: { 200: json('CopyPlan', 'image by image'), default: problem },
        },
      },
      ...sboms.paths,
      ...security.paths,
      ...storage.paths,
      '/api/deadlines': get('listDeadlines', 'When findings are to be mended', json('Deadlines', 'the next first'), [
        query('repository', 'registry/repository', { type: 'string' }),
        query('state', 'only these', { enum: ['running', 'paused', 'overdue'] }),
        ...(['critical', 'high', 'medium', 'low'] as const).map((severity) =>
          query(severity, 'days from when it could be mended', { type: 'integer', minimum: 1, maximum: 3650 }),
        ),
      ]),
      '/api/health': get('getHealth', 'Whether the API answers', json('Health', 'it does')),
    },
    components: {
      schemas: {
        Images: schemaOf(answers.images),
        Image: schemaOf(answers.image),
        Events: schemaOf(answers.events),
        Advisories: schemaOf(answers.advisories),
        ...retention.schemas,
        Replication: schemaOf(replicationAnswers.replication),
        CopyPlanRequest: schemaOf(copyPlanRequest, 'input'),
        CopyPlan: schemaOf(replicationAnswers.copyPlan),
        StorageReport: schemaOf(answers.storage),
        Deadlines: schemaOf(deadlinesAnswer),
        ...sboms.schemas,
        ...security.schemas,
        ...storage.schemas,
        Health: schemaOf(answers.health),
        Problem: schemaOf(answers.problem),
      },
    },
  };
  return made;
}
