import * as z from 'zod'
import { modelReferenceSchema } from '../shared/model-reference.ts'
import { portNumber, redisUrl } from '../shared/read-configuration.ts'

/** Where the edge runs: in workerd as it would be deployed, or on Node. */
export const EDGE_RUNTIMES = ['workerd', 'node'] as const
export type EdgeRuntime = (typeof EDGE_RUNTIMES)[number]

const poolCount = { error: 'must be a whole number, 0 to 64' }

/** What `npm start` itself takes; all else is for the parts. */
export const stackEnvSchema = z.object({
  PORT: portNumber.default(8787),
  REDIS_URL: redisUrl.optional(),
  /** Where the edge runs. */
  EDGE: z.enum(EDGE_RUNTIMES, { error: 'must be workerd or node' }).default('workerd'),
  /** Worker pools to start. */
  POOLS: z.coerce.number(poolCount).int(poolCount).min(0, poolCount).max(64, poolCount).default(1),
  /** Whether who sends no API key is served: here, unlike where it is deployed, unless this says otherwise. */
  ALLOW_ANONYMOUS: z.enum(['true', 'false'], { error: 'must be true or false' }).default('true'),
  /** The edge's own setting, which workerd would find wrong only with the first request. */
  DEFAULT_MODEL: modelReferenceSchema.optional(),
})
