export { admitWorkload } from './admit-workload.ts';
export { readReview, writeReview } from './answer-review.ts';
export { type AdmissionConfig, admissionConfigSchema } from './config.ts';
export type { ImageFinding, JudgePorts } from './judge-images.ts';
export { parseWorkloadImage } from './parse-workload-image.ts';
export type { TagResolver, TrustJudge } from './ports.ts';
export { readTaskChange, respondToTask, type TaskChange, type TaskResponse } from './respond-to-task.ts';
export { signatureJudge } from './signature-judge.ts';
export { verdictJudge } from './verdict-judge.ts';
