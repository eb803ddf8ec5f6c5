export { describeChange, pullRequestText } from './describe-plan.ts';
export { imageKnowledge, type KnowledgePorts } from './image-knowledge.ts';
export type { Change, PlanImage, RemediationPlan } from './model.ts';
export { type CascadeStep, planCascade } from './plan-cascade.ts';
export { planRemediation } from './plan-remediation.ts';
export type { ActionRunner, ImageKnowledge } from './ports.ts';
export { carryOut, planFor } from './remediate-image.ts';
export { type AffectedImages, type ShowPorts, showVulnerability } from './show-vulnerability.ts';
