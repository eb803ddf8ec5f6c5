export { createConsole } from './app.ts';
export type {
  Activity,
  ActivityFeed,
  ConsolePorts,
  FindingView,
  KeyReader,
  PlanPreview,
  ReportReader,
} from './ports.ts';
