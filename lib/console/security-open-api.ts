import { waiverRequestSchema } from '../policy/index.ts';
import { runScannersRequest, scannerAnswers } from './scanner-schemas.ts';
import { removeWaiverRequest, securityAnswers } from './security-schemas.ts';

type Json = { readonly [key: string]: unknown };

/** The part of the OpenAPI document about waivers, VEX and votes, made with the document's own helpers. */
export function securityOpenApi(make: {
  readonly json: (name: string, description: string) => Json;
  readonly query: (name: string, description: string, schema: Json, required?: boolean) => Json;
  readonly schemaOf: (
    schema:
      | typeof waiverRequestSchema
      | (typeof securityAnswers)[keyof typeof securityAnswers]
      | (typeof scannerAnswers)[keyof typeof scannerAnswers]
      | typeof runScannersRequest
      | typeof removeWaiverRequest,
    io?: 'input' | 'output',
  ) => Json;
  readonly refParameter: Json;
  readonly problem: Json;
}): { readonly paths: Json; readonly schemas: Json } {
  const { json, query, schemaOf, refParameter, problem } = make;
  const get = (operationId: string, summary: string, name: string, parameters: readonly Json[] = []): Json => ({
    operationId,
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    responses: { 200: json(name, 'the answer'), default: problem },
  });
  const post = (
    operationId: string,
    summary: string,
    name: string,
    schema: Json,
    parameters: readonly Json[] = [],
  ): Json => ({
    ...get(operationId, summary, name, parameters),
    requestBody: { required: true, content: { 'application/json': { schema } } },
  });
  const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
  const foreign: Json = { type: 'object', description: 'as its tool wrote it' };
  const repository = query('repository', 'registry/repository', { type: 'string' }, true);
  return {
    paths: {
      '/api/waivers': {
        get: get('listWaivers', 'Waivers, the next to end first', 'Waivers'),
        post: post('addWaiver', 'Accepts a vulnerability in some images until a day', 'Waiver', ref('WaiverRequest')),
      },
      '/api/waivers/remove': { post: post('removeWaiver', 'Takes a waiver back', 'Waiver', ref('WaiverRemoval')) },
      '/api/votes': {
        get: get('getVotes', 'What each scanner says of an image, side by side', 'Votes', [refParameter]),
      },
      '/api/scanners': {
        get: get('getScanners', 'Which scanners are set to work here, and how far they are', 'Scanners', [
          query('ref', 'one image; without it, what goes on and what ended last', { type: 'string' }),
          query('limit', 'most runs', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
        ]),
      },
      '/api/scanners/run': {
        post: post(
          'runScanners',
          'Sets scanners to work on an image, once a day each',
          'ScanRequest',
          ref('RunScanners'),
          [refParameter],
        ),
      },
      '/api/remediation': {
        get: get('getRemediation', 'What to change of an image, or of all in which order, to clear the most', 'Plans', [
          query('ref', 'one image; without it, all', { type: 'string' }),
        ]),
      },
      '/api/vulnerability': {
        get: get(
          'getVulnerability',
          'Which images have a vulnerability, where they run, and what to do',
          'Vulnerability',
          [query('id', 'by any of its names', { type: 'string' }, true)],
        ),
      },
      '/api/reports': {
        post: post('addReport', 'Takes in the report of another scanner about an image', 'Report', foreign, [
          refParameter,
        ]),
      },
      '/api/vex': {
        post: post('addVex', 'Takes in a VEX document about images of a repository', 'Vex', foreign, [repository]),
      },
    },
    schemas: {
      Waivers: schemaOf(securityAnswers.waivers),
      Waiver: schemaOf(securityAnswers.waiver),
      WaiverRequest: schemaOf(waiverRequestSchema, 'input'),
      WaiverRemoval: schemaOf(removeWaiverRequest, 'input'),
      Votes: schemaOf(securityAnswers.votes),
      Scanners: schemaOf(scannerAnswers.scanners),
      ScanRequest: schemaOf(scannerAnswers.requested),
      RunScanners: schemaOf(runScannersRequest, 'input'),
      Plans: schemaOf(securityAnswers.plans),
      Vulnerability: schemaOf(securityAnswers.vulnerability),
      Report: schemaOf(securityAnswers.report),
      Vex: schemaOf(securityAnswers.vex),
    },
  };
}
