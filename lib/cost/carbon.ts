import { z } from 'zod';
import { LadingError } from '../core/errors.ts';

const amount = z.number().nonnegative().max(1_000_000);

/** How usage becomes energy, and energy carbon. A model: nobody meters an image. */
export const carbonModelSchema = z.strictObject({
  asOf: z.iso.date(),
  sources: z.array(z.string().max(300)).max(20),
  /** Watt-hours for a terabyte (10¹² bytes) stored an hour on one disk. */
  storageWhPerTbHour: amount,
  /** Copies that a store keeps. */
  replicas: amount,
  /** Kilowatt-hours for a gigabyte (10⁹ bytes) that goes between regions or out. */
  transferKwhPerGb: amount,
  /** Watts of one virtual CPU at work; a function has one for every 1,769 MB (Lambda developer guide, "Memory"). */
  wattsPerVcpu: amount,
  /** Power that the building takes for each watt that a machine does. */
  pue: z.number().min(1).max(10),
  /** Grams of CO₂ equivalent for a kilowatt-hour of the grid, by region; location-based. */
  gridGramsPerKwh: z.strictObject({ usual: amount, regions: z.record(z.string().max(40), amount) }),
});
export type CarbonModel = Readonly<z.infer<typeof carbonModelSchema>>;

const changesSchema = carbonModelSchema
  .extend({ gridGramsPerKwh: carbonModelSchema.shape.gridGramsPerKwh.partial() })
  .partial();
export type CarbonChanges = Readonly<z.infer<typeof changesSchema>>;
export const carbonChangesSchema = changesSchema;

/** Cloud Carbon Footprint's coefficients for AWS, whose grid factors are of 2020 to 2022, as they were published in 2024. */
export const usualCarbonModel: CarbonModel = {
  asOf: '2024-06-01',
  sources: [
    'Cloud Carbon Footprint, Methodology: energy of storage, networking and compute; AWS PUE 1.135; ECR keeps 3 copies',
    'EPA eGRID 2020 by NERC region (United States)',
    'European Environment Agency, greenhouse gas intensity of electricity (European Union)',
    'carbonfootprint.com, country specific electricity factors (all others)',
  ],
  storageWhPerTbHour: 0.65,
  replicas: 3,
  transferKwhPerGb: 0.001,
  // 0.74 W idle to 3.5 W busy, at half load.
  wattsPerVcpu: 2.12,
  pue: 1.135,
  gridGramsPerKwh: {
    usual: 387.38,
    regions: {
      'us-east-1': 379.069,
      'us-east-2': 410.608,
      'us-west-1': 322.167,
      'us-west-2': 322.167,
      'us-gov-east-1': 379.069,
      'us-gov-west-1': 322.167,
      'af-south-1': 928,
      'ap-east-1': 810,
      'ap-south-1': 708,
      'ap-northeast-1': 506,
      'ap-northeast-2': 500,
      'ap-northeast-3': 506,
      'ap-southeast-1': 408.5,
      'ap-southeast-2': 790,
      'ca-central-1': 130,
      'cn-north-1': 555,
      'cn-northwest-1': 555,
      'eu-central-1': 338,
      'eu-west-1': 316,
      'eu-west-2': 228,
      'eu-west-3': 52,
      'eu-south-1': 233,
      'eu-north-1': 8,
      'me-south-1': 732,
      'sa-east-1': 74,
    },
  },
};

export const gridOf = ({ gridGramsPerKwh: { usual, regions } }: CarbonModel, region: string): number =>
  Object.hasOwn(regions, region) ? (regions[region] ?? usual) : usual;

export function changeCarbonModel(model: CarbonModel, changes: CarbonChanges): CarbonModel {
  const { gridGramsPerKwh: grid, ...rest } = changes;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...model,
    ...given,
    gridGramsPerKwh: {
      usual: grid?.usual ?? model.gridGramsPerKwh.usual,
      regions: { ...model.gridGramsPerKwh.regions, ...grid?.regions },
    },
  };
}

/** @throws LadingError `carbon-model-invalid` */
export function readCarbonModel(given: unknown, what: string): CarbonModel {
  const parsed = changesSchema.safeParse(given);
  if (parsed.success) return changeCarbonModel(usualCarbonModel, parsed.data);
  throw new LadingError('carbon-model-invalid', `${what}: ${z.prettifyError(parsed.error)}`);
}
