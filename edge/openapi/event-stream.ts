/** `content` of an answer to `Accept: text/event-stream`. OpenAPI 3.1 has no words for events: the description has them. */
export const EVENT_STREAM = {
  'text/event-stream': {
    schema: {
      type: 'string',
      description: [
        'Server-sent events, for `Accept: text/event-stream`: `queued` (with queue_position and eta_seconds), `processing`,',
        'then one named after the status that the job ends with: `succeeded`, `failed`, `expired` or `canceled`.',
        '`data` is the job as JSON on one line, `id` a number that grows. Comment lines are heartbeats.',
        'After the last event the stream ends.',
      ].join(' '),
    },
  },
} as const
