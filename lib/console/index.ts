export { createConsole } from './app.ts';
export type {
  Activity,
  ActivityFeed,
  ConsolePorts,
  FindingView,
  KeyReader,
  PlanReader,
  ReportReader,
} from './ports.ts';
