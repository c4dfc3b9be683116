import * as z from 'zod'
import { positiveInteger, redisUrl, upTo } from '../shared/read-configuration.ts'

/** The worker pool's environment variables. */
export const poolEnvSchema = z.object({
  /** redis:// or rediss:// address of the Redis that the edge writes to. */
  REDIS_URL: redisUrl,
  /** Folder of the model package to serve: model.json, model.onnx, labels.txt. */
  MODEL_DIR: z.string().default('models/efficientnet-lite0'),
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
  /** How long a pool that is told to stop may take to finish what it has claimed, before it ends all the same. */
  DRAIN_SECONDS: upTo(3_600).default(25),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})
export type PoolEnv = z.infer<typeof poolEnvSchema>
