/** The envelope of an event on a bus ("Events in Amazon EventBridge"). */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601 in UTC, to the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

/** What a producer gives; the bus adds the rest of the envelope. */
export interface EventInput {
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
  readonly time?: Date | undefined;
  readonly resources?: readonly string[] | undefined;
}

/** An event that no target took, and that had no dead-letter queue to go to. */
export interface DroppedEvent {
  readonly ruleArn: string;
  readonly targetArn: string;
  readonly why: string;
  readonly event: BusEvent;
}
