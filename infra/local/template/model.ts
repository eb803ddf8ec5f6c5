import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).optional(),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  Condition: z.string().optional(),
});

const output = z.object({
  Value: z.unknown(),
  Export: z.object({ Name: z.unknown() }).optional(),
  Condition: z.string().optional(),
});

const parameter = z.object({ Type: z.string(), Default: z.unknown().optional() });

const template = z.object({
  Parameters: z.record(z.string(), parameter).optional(),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).optional(),
  Conditions: z.record(z.string(), z.unknown()).optional(),
  Resources: z.record(z.string(), resource),
  Outputs: z.record(z.string(), output).optional(),
});

/** The parts of a CloudFormation template that matter here ("Template anatomy" of its user guide). */
export type Template = z.infer<typeof template>;
export type TemplateResource = z.infer<typeof resource>;

/** One stack of an assembly: a template with where it is deployed. */
export interface StackTemplate {
  readonly stackName: string;
  readonly region: string;
  readonly accountId: string;
  readonly template: Template;
  /** The folder that an asset's S3 key stands for: code of a function that CDK would upload. */
  readonly assetPath: (s3Key: string) => string | undefined;
}

/** @throws LadingError `template-invalid` */
export function parseTemplate(document: unknown, stackName: string): Template {
  const parsed = template.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new LadingError(
    'template-invalid',
    `the template of stack ${stackName} is not one: ${z.prettifyError(parsed.error)}`,
  );
}

/** Names a place in a template for an error: `Lading/Queue4A7E3555.Properties.RedrivePolicy`. */
export const at = (stackName: string, logicalId: string, path = ''): string =>
  `${stackName}/${logicalId}${path === '' ? '' : `.${path}`}`;
