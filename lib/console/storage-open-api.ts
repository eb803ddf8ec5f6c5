import { storageAnswers } from './storage-schemas.ts';

type Json = { readonly [key: string]: unknown };

/** The part of the OpenAPI document about storage and cost, made with the document's own helpers. */
export function storageOpenApi(make: {
  readonly get: (operationId: string, summary: string, ok: Json, parameters?: readonly Json[]) => Json;
  readonly json: (name: string, description: string) => Json;
  readonly query: (name: string, description: string, schema: Json, required?: boolean) => Json;
  readonly schemaOf: (schema: (typeof storageAnswers)[keyof typeof storageAnswers]) => Json;
  readonly refParameter: Json;
}): { readonly paths: Json; readonly schemas: Json } {
  const { get, json, query, schemaOf, refParameter } = make;
  const owners = [
    query('by', 'whom it is counted for', {
      enum: ['image', 'repository', 'registry', 'account', 'team', 'label'],
      default: 'repository',
    }),
    query('label', 'the name of the label, with by=label', { type: 'string' }),
  ];
  const time: Json = { type: 'string', format: 'date-time' };
  const period = [query('from', 'the beginning', time, true), query('until', 'the end, not included', time, true)];
  const count = (name: string, description: string, most: number, usual: number): Json =>
    query(name, description, { type: 'integer', minimum: 1, maximum: most, default: usual });
  return {
    paths: {
      '/api/storage': get(
        'measureStorage',
        'What is stored now, and who shares it',
        json('Storage', 'by owner'),
        owners,
      ),
      '/api/storage/image': get(
        'measureImage',
        'What an image holds, and with whom',
        json('ImageStorage', 'its blobs'),
        [refParameter],
      ),
      '/api/storage/advice': get('adviseImage', 'What an image could do without', json('ImageAdvice', 'the advice'), [
        refParameter,
      ]),
      '/api/storage/duplicates': get(
        'listNearDuplicates',
        'Layers that store nearly the same',
        json('NearDuplicates', 'groups'),
        [count('layers', 'the largest layers that are compared', 2_000, 300)],
      ),
      '/api/storage/bases': get('listBases', 'On which bases images are built', json('Bases', 'by use')),
      '/api/storage/caches': get('scoreCaches', 'What each build cache is worth', json('Caches', 'the worst first'), [
        count('days', 'in which hits are counted', 400, 30),
      ]),
      '/api/cost': get('reportCost', 'What images cost, and whom', json('Cost', 'by owner'), [...period, ...owners]),
      '/api/cost/forecast': get(
        'forecastCost',
        'What the present month will cost',
        json('CostForecast', 'an interval'),
        [...owners, query('owner', 'one owner, as reports name it', { type: 'string' })],
      ),
      '/api/cost/budgets': get('checkBudgets', 'Where each budget stands', json('Budgets', 'of the present month')),
    },
    schemas: {
      Storage: schemaOf(storageAnswers.owners),
      ImageStorage: schemaOf(storageAnswers.image),
      ImageAdvice: schemaOf(storageAnswers.advice),
      NearDuplicates: schemaOf(storageAnswers.duplicates),
      Bases: schemaOf(storageAnswers.bases),
      Caches: schemaOf(storageAnswers.caches),
      Cost: schemaOf(storageAnswers.cost),
      CostForecast: schemaOf(storageAnswers.forecast),
      Budgets: schemaOf(storageAnswers.budgets),
    },
  };
}
