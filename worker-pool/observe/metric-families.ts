import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What every series of a model is told apart by. */
export type VersionLabels = { model: string; version: string }

const VERSION_LABELS = ['model', 'version'] as const

/** Seconds: from a run on a GPU to a deadline. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** Powers of two, up to the largest batch that a manifest may name. */
const BATCH_SIZE_BUCKETS = Array.from({ length: 11 }, (_, i) => 2 ** i)

/**
 * All metrics of inference, with Triton's split: requests, images ("inferences") and runs ("executions") are counted apart, and time is
 * told by stage. `request` and `queue` are observed once a job, the others once a batch.
 */
export function createMetricFamilies(registry: Registry) {
  const common = { labelNames: VERSION_LABELS, registers: [registry] }
  const counter = (name: string, help: string) => new Counter({ name, help, ...common })
  const duration = (stage: string, help: string) =>
    new Histogram({
      name: `edgebatch_inference_${stage}_duration_seconds`,
      ...{ help, buckets: DURATION_BUCKETS, ...common },
    })
  return {
    success: counter('edgebatch_inference_request_success_total', 'Jobs that ended with a result'),
    failure: new Counter({
      name: 'edgebatch_inference_request_failure_total',
      help: 'Jobs that ended without a result, by error code',
      labelNames: [...VERSION_LABELS, 'reason'],
      registers: [registry],
    }),
    images: counter('edgebatch_inference_count_total', 'Images run through the model'),
    executionCount: counter(
      'edgebatch_inference_exec_count_total',
      'Runs of the model; more than one a batch where some failed',
    ),
    padding: counter('edgebatch_inference_padding_total', 'Rows run only to fill a batch up to its bucket'),
    discarded: new Counter({
      name: 'edgebatch_inference_results_discarded_total',
      help: 'Results that Redis refused: job past its deadline, canceled, taken over by another attempt, or gone',
      labelNames: [...VERSION_LABELS, 'outcome'],
      registers: [registry],
    }),
    released: counter('edgebatch_inference_jobs_released_total', 'Claimed jobs given back to their queue'),
    attemptsLost: new Counter({
      name: 'edgebatch_inference_attempts_lost_total',
      help: 'Attempts that ended with the pool or the thread that ran them, by reason, as seen by this pool',
      labelNames: [...VERSION_LABELS, 'reason'],
      registers: [registry],
    }),
    deadLetters: counter(
      'edgebatch_inference_dead_letters_total',
      'Jobs given up by this pool after their last attempt',
    ),
    pending: new Gauge({
      name: 'edgebatch_inference_pending_request_count',
      help: 'Jobs this pool has claimed and not yet settled',
      ...common,
    }),
    info: new Gauge({
      name: 'edgebatch_model_info',
      help: '1 for each model version that this pool serves',
      labelNames: [...VERSION_LABELS, 'task'],
      registers: [registry],
    }),
    histograms: {
      request: duration('request', 'A job, from acceptance at the edge to settlement'),
      queue: duration('queue', 'A job, from acceptance at the edge to its claim by this pool'),
      gather: duration('gather', 'A batch, from its first entry to its last claim'),
      input: duration(
        'compute_input',
        'A batch, from its last claim until its inputs are decoded and in memory',
      ),
      wait: duration('wait', 'A batch in memory, until it has an instance: for more jobs, or for a free one'),
      infer: duration('compute_infer', 'A batch in the model'),
      output: duration('compute_output', 'A batch, from its outputs to settlement in Redis'),
      batchSize: new Histogram({
        name: 'edgebatch_inference_batch_size',
        help: 'Images in a batch, padding not counted',
        ...{ buckets: BATCH_SIZE_BUCKETS, ...common },
      }),
    },
  }
}
export type MetricFamilies = ReturnType<typeof createMetricFamilies>
