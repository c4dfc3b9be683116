import * as z from 'zod'
import { serviceAccountKeySchema } from './service-account.ts'

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
/** Secrets that are piped from a file come with a line's end. */
const secret = z.string().trim().min(1)

const notAKey = { error: 'must be the JSON key file of a service account, all of it' }
const serviceAccountKey = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      context.addIssue({ code: 'custom', message: notAKey.error })
      return z.NEVER
    }
  })
  .pipe(z.unknown().refine((value) => serviceAccountKeySchema.safeParse(value).success, notAKey))
  .transform((value) => serviceAccountKeySchema.parse(value))

/** What belongs together: all of a group is set, or nothing. */
const GROUPS = [['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']] as const

/**
 * Where the edge publishes the depth that machines are scaled by; nothing set: nowhere, and it only cleans up. The edge's other settings hold
 * as well.
 */
export const scalingEnvSchema = z
  .object({
    /** The region of CloudWatch that is told. It goes with a key. */
    AWS_REGION: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'must be a region such as eu-central-1' })
      .optional(),
    /** The key of a user that may do nothing but `cloudwatch:PutMetricData` in the namespace. */
    AWS_ACCESS_KEY_ID: secret.optional(),
    /** The secret that belongs to it. */
    AWS_SECRET_ACCESS_KEY: secret.optional(),
    /** Tells deployments in one account apart. */
    METRIC_NAMESPACE: z
      .string()
      .regex(/^(?!AWS\/)[\w./#:-]{1,255}$/, {
        error: 'must be letters, digits and . _ / # : -, and not begin with AWS/',
      })
      .default('Edgebatch'),
    /** Unset: AWS' own. For VPC endpoints, and regions whose hosts are called otherwise. */
    CLOUDWATCH_ENDPOINT: httpUrl.optional(),
    /** Google's Cloud Monitoring, with a key of a service account that has roles/monitoring.metricWriter. A secret. */
    GCP_SERVICE_ACCOUNT_KEY: serviceAccountKey.optional(),
    /** Unset: the project of the service account. */
    GCP_PROJECT_ID: z.string().min(1).optional(),
    /** What the metric is called there; tells deployments in one project apart. */
    GCP_METRIC_TYPE: z
      .string()
      .regex(/^custom\.googleapis\.com\/[A-Za-z0-9_/]{1,100}$/, {
        error: 'must be custom.googleapis.com/ and letters, digits, _ and /',
      })
      .default('custom.googleapis.com/edgebatch/queue_depth'),
    /** Another host for it, such as Private Google Access'. */
    CLOUD_MONITORING_ENDPOINT: httpUrl.default('https://monitoring.googleapis.com'),
    /** `true`: the depth of each model is published too, for groups of machines that serve some only. Each is a metric that clouds charge for. */
    METRIC_BY_MODEL: z
      .enum(['true', 'false'], { error: 'must be true or false' })
      .default('false')
      .transform((text) => text === 'true'),
  })
  .superRefine((env, context) => {
    for (const group of GROUPS) {
      const [given] = group.filter((name) => env[name] !== undefined)
      const missing = group.filter((name) => env[name] === undefined)
      if (given === undefined || missing.length === 0) continue
      const message = `goes with ${missing.join(' and ')}, which ${missing.length === 1 ? 'is' : 'are'} not set: set all of ${group.join(', ')}, or none`
      context.addIssue({ code: 'custom', path: [given], message })
    }
    if (env.GCP_PROJECT_ID !== undefined && env.GCP_SERVICE_ACCOUNT_KEY === undefined) {
      const message = 'goes with GCP_SERVICE_ACCOUNT_KEY, which is not set: set both, or neither'
      context.addIssue({ code: 'custom', path: ['GCP_PROJECT_ID'], message })
    }
  })
export type ScalingEnv = z.infer<typeof scalingEnvSchema>
