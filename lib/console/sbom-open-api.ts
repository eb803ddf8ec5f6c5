import { sbomFormats } from '../sbom/index.ts';
import { sbomAnswers } from './sbom-schemas.ts';

type Json = { readonly [key: string]: unknown };

/** The part of the OpenAPI document about SBOMs, made with the document's own helpers. */
export function sbomOpenApi(make: {
  readonly get: (operationId: string, summary: string, ok: Json, parameters?: readonly Json[]) => Json;
  readonly json: (name: string, description: string) => Json;
  readonly text: (type: string, description: string) => Json;
  readonly query: (name: string, description: string, schema: Json, required?: boolean) => Json;
  readonly schemaOf: (schema: (typeof sbomAnswers)[keyof typeof sbomAnswers]) => Json;
  readonly refParameter: Json;
  readonly problem: Json;
}): { readonly paths: Json; readonly schemas: Json } {
  const { get, json, text, query, schemaOf, refParameter, problem } = make;
  const form = query('form', `${sbomFormats.join(', ')}; a version of the form follows an "@", as in spdx-json@3.0`, {
    type: 'string',
    default: 'cyclonedx-json',
  });
  const tool = query('tool', 'who made it, where the document does not say', { type: 'string' });
  const document = query('document', 'digest of one that others made', { type: 'string' }, true);
  const foreign: Json = { schema: { type: 'string', description: 'as its tool wrote it' } };
  const types = ['application/gzip', 'application/json', 'application/xml', 'text/spdx'];
  const list = get('listSboms', 'Which SBOMs there are of an image, of whom', json('Sboms', 'ours and others'), [
    refParameter,
  ]);
  return {
    paths: {
      '/api/sbom': get('getSbom', 'The SBOM of an image', text('application/vnd.cyclonedx+json', 'in the form'), [
        refParameter,
        form,
      ]),
      '/api/sbom/quality': get('getSbomQuality', 'How much the SBOM of an image tells', json('SbomQuality', 'checks'), [
        refParameter,
      ]),
      '/api/sboms': {
        ...list,
        post: {
          operationId: 'attachSbom',
          summary: 'Takes in an SBOM of an image that another tool made; it is kept beside ours and compared with it',
          parameters: [refParameter, tool],
          requestBody: { required: true, content: Object.fromEntries(types.map((type) => [type, foreign])) },
          responses: { 200: json('AttachedSbom', 'as it is kept'), default: problem },
        },
      },
      '/api/sboms/diff': get(
        'diffSboms',
        "What another's SBOM of an image has differently from ours",
        json('SbomDifference', 'from ours to theirs'),
        [refParameter, document],
      ),
    },
    schemas: {
      Sboms: schemaOf(sbomAnswers.sboms),
      AttachedSbom: schemaOf(sbomAnswers.attached),
      SbomDifference: schemaOf(sbomAnswers.difference),
      SbomQuality: schemaOf(sbomAnswers.quality),
    },
  };
}
