import * as z from 'zod'
import { positiveInteger, redisUrl } from '../shared/read-configuration.ts'

/** The worker pool's environment variables. */
export const poolEnvSchema = z.object({
  /** redis:// or rediss:// address of the Redis that the edge writes to. */
  REDIS_URL: redisUrl,
  /** Folder of the model package to serve: model.json, model.onnx, labels.txt. */
  MODEL_DIR: z.string().default('models/efficientnet-lite0'),
  /** Must equal the edge's. */
  KEY_PREFIX: z.string().min(1).default('eb:'),
  /** The most jobs in one run of the model. */
  MAX_BATCH_SIZE: positiveInteger.max(1024, { error: 'must be 1024 at most' }).default(32),
  /** ONNX Runtime providers, best first, e.g. `cuda,cpu`. */
  EXECUTION_PROVIDERS: z
    .string()
    .default('cpu')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(
      z.array(z.enum(['cuda', 'tensorrt', 'cpu'], { error: 'must be a list of cuda, tensorrt, cpu' })).min(1),
    ),
  /** Threads of one operator; unset leaves the choice to ONNX Runtime (one a physical core). */
  INTRA_OP_THREADS: positiveInteger.optional(),
  /** How long a pool that is told to stop may take to finish what it has claimed, before it ends all the same. */
  DRAIN_SECONDS: positiveInteger.default(25),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})
