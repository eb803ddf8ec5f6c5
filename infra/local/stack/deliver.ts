import { LadingError } from '../../../lib/core/errors.ts';
import type { AsyncInvoker } from '../lambda/async-invoker.ts';
import type { Deliver } from '../services/events/event-buses.ts';
import { messageSize } from '../services/sqs/checksums.ts';
import type { MessageAttributes } from '../services/sqs/model.ts';
import type { LocalQueues } from '../services/sqs/queues.ts';

/** How rules, schedules and failed invocations reach queues and functions. */
export function deliverTo(queues: LocalQueues, asyncInvoker: () => AsyncInvoker): Deliver {
  return (arn, body, options = {}) => {
    if (arn.startsWith('arn:aws:lambda:')) {
      asyncInvoker().invoke(arn, JSON.parse(body));
      return;
    }
    const queue = queues.require(arn);
    const attributes: MessageAttributes = Object.fromEntries(
      Object.entries(options.attributes ?? {}).map(([name, value]) => [
        name,
        { DataType: 'String', StringValue: value },
      ]),
    );
    const limit = queue.definition.maximumMessageSize;
    if (messageSize(body, attributes) > limit) {
      throw new LadingError('message-too-large', `the message is over the ${limit} bytes that ${arn} takes`);
    }
    queue.send({ body, attributes, groupId: options.messageGroupId });
  };
}
