import * as z from 'zod'
import { modelReferenceSchema } from '../shared/model-reference.ts'
import { portNumber, positiveInteger, redisUrl, upTo } from '../shared/read-configuration.ts'
import { DEFAULT_RETRIES } from '../shared/retry-policy.ts'
import { webhookMasterSecret } from '../shared/webhook-secret.ts'
import { gpuChoiceSchema, usesGpu } from './machine/device-pools.ts'

const notSelectable = {
  error: 'must be a list of name, name@version, or package folders, told by a slash (./my-model)',
}

/** A name holds no slash; a folder that has none can be written with one: `./folder`. */
const selectedModelSchema = z.union(
  [
    z
      .string()
      .regex(/[/\\]/)
      .transform((folder) => ({ folder })),
    modelReferenceSchema,
  ],
  notSelectable,
)

/** The variables, each by itself. */
const variablesSchema = z.object({
  /** redis:// or rediss:// address of the Redis that the edge writes to. */
  REDIS_URL: redisUrl,
  /**
   * Folder of model packages, each a folder `name/version` with model.json, its graphs and labels.txt. All are served; what is
   * added, replaced or removed while the pool runs is taken up.
   */
  MODEL_REPOSITORY: z.string().min(1).default('models'),
  /**
   * What is served instead of all: a list of `name` (all its versions) or `name@version` of the repository, and of package folders
   * anywhere, which are told by a slash. E.g. `resnet50,vit@3,./my-model`.
   */
  MODELS: z
    .string()
    .transform((list) => list.split(',').map((entry) => entry.trim()))
    .pipe(z.array(selectedModelSchema))
    .optional(),
  /** The folder of one package, whatever its name, if only that is to be served: then the two above do not count. */
  MODEL_DIR: z.string().min(1).optional(),
  /** How often the folders are looked at; also how long a package must have stayed the same to be taken up. */
  MODEL_SCAN_SECONDS: upTo(3_600).default(5),
  /** Must equal the edge's. */
  KEY_PREFIX: z.string().min(1).default('eb:'),
  /**
   * The most jobs in one run of the model. Where photos come encoded, as many are in memory at once: with 32 of the largest, a pool
   * took 1 GB in all.
   */
  MAX_BATCH_SIZE: upTo(1024).default(32),
  /** ONNX Runtime providers, best first, e.g. `cuda,cpu`. */
  EXECUTION_PROVIDERS: z
    .string()
    .default('cpu')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(
      z.array(z.enum(['cuda', 'tensorrt', 'cpu'], { error: 'must be a list of cuda, tensorrt, cpu' })).min(1),
    ),
  /** A provider of that list that cannot be had here is an error. `false`: the next one of the list is taken, and the log says so. */
  STRICT_PROVIDERS: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('true')
    .transform((text) => text === 'true'),
  /**
   * GPUs to serve on, a process for each: `all`, or a list such as `0,1`; EXECUTION_PROVIDERS must have cuda or tensorrt. Unset: one
   * process, on the first GPU if it uses one.
   */
  GPUS: gpuChoiceSchema.optional(),
  /** The GPU of this process, from 0; a supervisor (GPUS) sets it. */
  DEVICE_ID: z.coerce.number().int().min(0).max(9_999).optional(),
  /** Whether batches are padded to 1, 2, 4, 8...: `auto` does so unless the first provider is the CPU. */
  PAD_BATCHES: z
    .enum(['auto', 'always', 'never'], { error: 'must be auto, always or never' })
    .default('auto'),
  /** Threads of one operator; unset leaves the choice to ONNX Runtime (one a physical core). */
  INTRA_OP_THREADS: positiveInteger.optional(),
  /**
   * Photos that come encoded, for models that allow it: the most pixels of one, of an AVIF (HEIC, JPEG XL, JPEG 2000) a quarter:
   * while it is decoded, it takes 18 bytes a pixel (225 MB at this limit), other types 8 at most.
   */
  MAX_PHOTO_PIXELS: upTo(1_000_000_000).default(50_000_000),
  /** Decoding one of them is given up after this; that of an AVIF once its codec is done. */
  PHOTO_DECODE_SECONDS: upTo(3_600).default(10),
  /**
   * Such photos decoded at the same time, each by a thread of Node's pool; that has 4 where UV_THREADPOOL_SIZE does not say
   * more. What one takes in memory, so many take at once.
   */
  DECODE_THREADS: upTo(64).default(2),
  /**
   * Within this, what a pool that has died, or stands still, holds is taken over by another one. The same in all pools; long batches are no
   * matter, as leases are renewed.
   */
  LEASE_SECONDS: upTo(3_600).default(30),
  /** So often a job is begun whose pool or session dies each time; then it has failed and is a dead letter. */
  MAX_ATTEMPTS: upTo(100).default(DEFAULT_RETRIES.maxAttempts),
  /** How long a pool that is told to stop may take to finish what it has claimed; then the rest is given back to the queue. */
  DRAIN_SECONDS: upTo(3_600).default(25),
  /** Where /live, /ready and /metrics are served; unset: nowhere. With GPUS, the first process has this port, the next the following. */
  HEALTH_PORT: portNumber.optional(),
  /** 0.0.0.0 lets others than this machine ask. */
  HEALTH_HOST: z.string().min(1).default('127.0.0.1'),
  /** A run that takes longer will not end any more: /live says so, for the process to be replaced. */
  STUCK_SECONDS: upTo(86_400).default(300),
  /** An OpenTelemetry collector (OTLP over HTTP) that gets spans of jobs; unset: none does. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** What traces call the service; unset: `edgebatch-worker-pool`. */
  OTEL_SERVICE_NAME: z.string().min(1).optional(),
  /**
   * `whsec_` and base64 of 24 to 64 random bytes: what webhooks are signed with is derived from it, for each API key another. The same in
   * all pools. Unset: this pool sends none.
   */
  WEBHOOK_SECRET: webhookMasterSecret.optional(),
  /** `true`: webhooks may go to http:// and to private addresses, for receivers in a network of one's own. */
  WEBHOOK_ALLOW_PRIVATE: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((text) => text === 'true'),
  /** Ask the cloud's metadata server whether this machine is about to be taken away, and stop in time if so. */
  PREEMPTION_NOTICE: z
    .enum(['off', 'auto', 'ec2', 'gcp'], { error: 'must be off, auto, ec2 or gcp' })
    .default('off'),
  /**
   * The lifecycle hook by which this machine's auto-scaling group waits before it terminates the machine: the pool tells the group when it has
   * drained, as the machine's role. Unset: nobody is told.
   */
  LIFECYCLE_HOOK_NAME: z
    .string()
    .regex(/^[\w./-]{1,255}$/, { error: 'must be the name of a lifecycle hook' })
    .optional(),
  /** The group; unset: as the machine's tag says, which takes instance metadata to show tags. */
  AUTOSCALING_GROUP_NAME: z.string().min(1).max(255).optional(),
  /** Unset: AWS' own. For VPC endpoints, and regions whose hosts are called otherwise. */
  AUTOSCALING_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional(),
  /** Where the metadata server is; unset: where clouds have it. */
  METADATA_URL: z.url().optional(),
  /** What is logged at least; `debug` adds a line for each batch. */
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})

/** The worker pool's environment variables. */
export const poolEnvSchema = variablesSchema
  .refine(({ GPUS, EXECUTION_PROVIDERS }) => GPUS === undefined || usesGpu(EXECUTION_PROVIDERS), {
    path: ['GPUS'],
    error:
      'is set, but EXECUTION_PROVIDERS uses no GPU: add cuda (EXECUTION_PROVIDERS=cuda,cpu), or unset GPUS',
  })
  .refine(
    ({ LIFECYCLE_HOOK_NAME, PREEMPTION_NOTICE }) =>
      LIFECYCLE_HOOK_NAME === undefined || PREEMPTION_NOTICE === 'ec2' || PREEMPTION_NOTICE === 'auto',
    {
      path: ['LIFECYCLE_HOOK_NAME'],
      error:
        'is set, but nobody asks EC2 whether this machine is to go: set PREEMPTION_NOTICE=ec2, or unset it',
    },
  )
export type PoolEnv = z.infer<typeof poolEnvSchema>
