import type { Prediction } from '../shared/job.ts'
import type { BatchOutputs } from './inference-session.ts'

/**
 * The predictions of image `i` of a batch, best first; undefined if the model gave no probabilities (NaN) or a class
 * without a label.
 */
export function predictionsOf(
  outputs: BatchOutputs,
  i: number,
  labels: readonly string[],
): Prediction[] | undefined {
  const predictions: Prediction[] = []
  for (let rank = i * outputs.k; rank < (i + 1) * outputs.k; rank++) {
    const probability = outputs.probabilities[rank]
    const index = Number(outputs.indices[rank])
    const label = labels[index]
    if (
      label === undefined ||
      probability === undefined ||
      !(probability >= 0 && probability <= 1 + ROUNDING)
    )
      return
    predictions.push({ label, probability: Math.min(probability, 1), index })
  }
  return predictions
}

/** A softmax in float32 may exceed 1 by a few units in the last place. */
const ROUNDING = 1e-5
