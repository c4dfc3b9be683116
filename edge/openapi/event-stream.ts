/** `content` of an answer to `Accept: text/event-stream`. OpenAPI 3.1 has no words for events: the description has them. */
export const EVENT_STREAM = {
  'text/event-stream': {
    schema: {
      type: 'string',
      description: [
        'Server-sent events, for `Accept: text/event-stream`: `queued` (with queue_position and eta_seconds), `processing`,',
        'then one named after the status that the job ends with: `succeeded`, `failed`, `expired` or `canceled`.',
        '`data` is the job as JSON on one line, `id` a number that grows. Comment lines are heartbeats.',
        'Of a batch: `queued`, `processing` and `completed`, whenever its counts have changed; `data` is the batch.',
        'After the last event the stream ends. One that ends before is to be asked for again with Last-Event-ID.',
      ].join(' '),
    },
  },
} as const
