export { type PolicyConfig, type PolicyException, policyConfigSchema } from './config.ts';
export { decideGate, type GatePorts, type ImageToDecide, policyDigest, replayVerdict } from './decide-gate.ts';
export { evaluateGate } from './evaluate-gate.ts';
export {
  type Decision,
  type GateDecision,
  type GateInputs,
  type RecordedInputs,
  type Verdict,
  verdictSchema,
} from './model.ts';
export { parsePolicy } from './parse-policy.ts';
export type { VerdictStore } from './ports.ts';
