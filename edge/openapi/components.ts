import * as z from 'zod'
import { problemCodeSchema } from '../../shared/errors.ts'
import { predictionSchema } from '../../shared/job.ts'
import { jobStatusSchema } from '../../shared/job-state.ts'
import { prioritySchema } from '../../shared/priority.ts'
import { publicBatchSchema } from '../../shared/public-batch.ts'
import {
  publicDeadLetterDetailsSchema,
  publicDeadLetterSchema,
  publicDeadLettersSchema,
  publicRetrySchema,
} from '../../shared/public-dead-letter.ts'
import { publicHistorySchema } from '../../shared/public-history.ts'
import { publicJobSchema } from '../../shared/public-job.ts'
import {
  publicListedVersionSchema,
  publicModelSchema,
  publicModelsSchema,
} from '../../shared/public-models.ts'
import { publicProblemSchema } from '../../shared/public-problem.ts'
import { publicStatsSchema, publicWorkSchema } from '../../shared/public-stats.ts'
import { tensorValueSchema } from '../../shared/tensor-value.ts'
import { predictBodySchema } from '../predict-body.ts'
import { FIELD_DESCRIPTIONS } from './field-descriptions.ts'
import { type JsonSchema, toComponents } from './json-schema.ts'

/** The schemas of answers that have a name in the document. */
const ANSWERS = {
  Job: publicJobSchema,
  Batch: publicBatchSchema,
  JobStatus: jobStatusSchema,
  Priority: prioritySchema,
  Prediction: predictionSchema,
  TensorValue: tensorValueSchema,
  WebhookDelivery: publicJobSchema.shape.webhook.unwrap(),
  Models: publicModelsSchema,
  Model: publicModelSchema,
  ModelVersion: publicListedVersionSchema,
  Problem: publicProblemSchema,
  ProblemCode: problemCodeSchema,
  Stats: publicStatsSchema,
  Work: publicWorkSchema,
  History: publicHistorySchema,
  DeadLetters: publicDeadLettersSchema,
  DeadLetter: publicDeadLetterSchema,
  DeadLetterDetails: publicDeadLetterDetailsSchema,
  Retry: publicRetrySchema,
  Health: z.object({ status: z.literal('ok') }),
  Ready: z.object({ status: z.literal('ready') }),
  Links: z.object({ name: z.literal('edgebatch'), links: z.record(z.string(), z.string()) }),
} satisfies Record<string, z.ZodType>

/** The schemas of bodies: what may be left out is not required. */
const BODIES = { PredictBody: predictBodySchema }

export type ComponentName = keyof typeof ANSWERS

export function componentSchemas(): Record<string, JsonSchema> {
  const components = toComponents(ANSWERS, 'output')
  for (const [name, descriptions] of Object.entries(FIELD_DESCRIPTIONS)) {
    const fields = components[name]?.properties as Record<string, JsonSchema>
    for (const [field, description] of Object.entries(descriptions))
      Object.assign(fields[field] as JsonSchema, { description })
  }
  return { ...components, ...toComponents(BODIES, 'input') }
}
