/** Job hashes as Redis holds them, in each of their states. */

export const ID = 'AZaz09-_AZaz09-_AZaz09.m'
export const CREATED = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
export const DEADLINE = CREATED + 60_000

export const queued = {
  status: 'queued',
  model_version: '7',
  created_at: String(CREATED),
  deadline: String(DEADLINE),
  result_ttl: '3600000',
  attempt: '0',
  priority: 'normal',
  owner: '',
}
export const processing = { ...queued, status: 'processing', attempt: '1', started_at: String(CREATED + 20) }
export const predictions = [
  { label: 'beagle', probability: 0.75, index: 162 },
  { label: 'basset', probability: 0.25, index: 161 },
]
export const succeeded = {
  ...processing,
  status: 'succeeded',
  completed_at: String(CREATED + 32),
  predictions: JSON.stringify(predictions),
  predict_ms: '11.5',
  batch_size: '4',
}
export const vector = { dtype: 'float32', shape: [2], data: base64(Float32Array.of(0.1, -2)) }
export const { predictions: _, ...withoutOutput } = succeeded
export const embedded = { ...withoutOutput, embedding: JSON.stringify(vector) }
export const tensors = {
  boxes: { dtype: 'float32', shape: [1, 2], data: base64(Float32Array.of(1, 2)) },
  ids: { dtype: 'int64', shape: [], data: base64(BigInt64Array.of(7n)) },
}
export const detected = { ...withoutOutput, tensors: JSON.stringify(tensors) }
export const failed = {
  ...processing,
  status: 'failed',
  completed_at: String(CREATED + 32),
  error: 'inference-failed',
}

export function base64(elements: ArrayBufferView): string {
  return Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength).toString('base64')
}
