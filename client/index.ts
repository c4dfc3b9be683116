export type { Prediction } from '../shared/job.ts'
export type { JobStatus } from '../shared/job-state.ts'
export type { PublicBatch } from '../shared/public-batch.ts'
export type { PublicJob } from '../shared/public-job.ts'
export type { PublicModel } from '../shared/public-models.ts'
export type { PublicStats } from '../shared/public-stats.ts'
export type { TensorValue } from '../shared/tensor-value.ts'
export { EdgebatchClient } from './edgebatch-client.ts'
export {
  EdgebatchError,
  EdgebatchJobError,
  EdgebatchTimeoutError,
  type ErrorCode,
} from './edgebatch-error.ts'
export type { ImageSource } from './image-body.ts'
export type { JobEvent } from './job-events.ts'
export { hasEnded, predictions } from './job-status.ts'
export type { ClientOptions, FollowOptions, PredictOptions, SubmitOptions } from './options.ts'
