import type { Backends } from '../backends.ts';
import type { ResourceHandler } from '../provision.ts';
import { apiHandlers } from './api.ts';
import { exportReaderHandler, exportWriterHandler, skippedHandler, skippedTypes } from './custom.ts';
import { tableHandler } from './dynamodb.ts';
import { repositoryHandler, repositoryTemplateHandler } from './ecr.ts';
import { clusterHandler, taskDefinitionHandler } from './ecs.ts';
import { busHandler, ruleHandler, scheduleHandler } from './events.ts';
import { policyHandler, roleHandler } from './iam.ts';
import { eventSourceHandler, functionHandler, invokeConfigHandler } from './lambda.ts';
import { logGroupHandler } from './logs.ts';
import { aliasHandler, keyHandler, parameterHandler, secretHandler } from './security.ts';
import { queueHandler } from './sqs.ts';
import { bucketHandler } from './storage.ts';

/** What the local stack knows to make, by resource type. */
export function resourceHandlers(backends: Backends): Map<string, ResourceHandler> {
  return new Map<string, ResourceHandler>([
    ['AWS::DynamoDB::Table', tableHandler(backends.tables)],
    ['AWS::DynamoDB::GlobalTable', tableHandler(backends.tables)],
    ['AWS::SQS::Queue', queueHandler(backends.queues)],
    ['AWS::Events::EventBus', busHandler(backends.events)],
    ['AWS::Events::Rule', ruleHandler(backends.events)],
    ['AWS::Scheduler::Schedule', scheduleHandler(backends.schedules)],
    ['AWS::Lambda::Function', functionHandler(backends.functions)],
    ['AWS::Lambda::EventSourceMapping', eventSourceHandler(backends.functions)],
    ['AWS::Lambda::EventInvokeConfig', invokeConfigHandler(backends.functions)],
    ['AWS::IAM::Role', roleHandler(backends.policies)],
    ['AWS::IAM::Policy', policyHandler(backends.policies)],
    ['AWS::IAM::ManagedPolicy', policyHandler(backends.policies)],
    ['AWS::IAM::RolePolicy', policyHandler(backends.policies)],
    ['AWS::S3::Bucket', bucketHandler(backends.buckets)],
    ['AWS::KMS::Key', keyHandler(backends.keys)],
    ['AWS::KMS::Alias', aliasHandler(backends.keys)],
    ['AWS::SecretsManager::Secret', secretHandler(backends.secrets)],
    ['AWS::SSM::Parameter', parameterHandler(backends.parameters)],
    ['AWS::ECR::Repository', repositoryHandler(backends.repositories)],
    ['AWS::ECR::RepositoryCreationTemplate', repositoryTemplateHandler(backends.repositories)],
    ['AWS::ECS::Cluster', clusterHandler],
    ['AWS::ECS::TaskDefinition', taskDefinitionHandler(backends.tasks)],
    ['AWS::Logs::LogGroup', logGroupHandler],
    ['Custom::CrossRegionExportWriter', exportWriterHandler],
    ['Custom::CrossRegionExportReader', exportReaderHandler],
    ...apiHandlers(backends.apis),
    ...[...skippedTypes].map(([type, reason]): [string, ResourceHandler] => [type, skippedHandler(reason)]),
  ]);
}
