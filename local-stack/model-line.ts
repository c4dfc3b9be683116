/** What a pool's news of a model is to the person at the terminal; see worker-pool/models/model-reconciler.ts. */
export function modelLine({ what, model, reason }: Record<string, unknown>): string {
  if (what === 'serves') return `serves ${model}`
  if (what === 'withdrawn') return `${model} was withdrawn; what waits for it is still done`
  return `cannot serve a model: ${reason}`
}
