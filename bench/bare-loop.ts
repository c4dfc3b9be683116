import { readFile } from 'node:fs/promises'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/** What a bare loop is to do; handed over as JSON in the variable BARE_LOOP. */
export interface BareLoopTask {
  graphPath: string
  /** Of one image. */
  shape: readonly number[]
  inputName: string
  /** A file with `batchSize` images. */
  imagesFile: string
  batchSize: number
  warmUpRuns: number
  runs: number
  threads: number | undefined
  /** ONNX Runtime's, best first. */
  providers: readonly string[]
}

/**
 * Entry: nothing but ONNX Runtime in a loop, the most that this machine gives from JavaScript. A process of its own, so that
 * it starts from where a pool starts. Says `ready` to its parent (IPC) once it is through, with how long each run took, in ms.
 */
async function main(): Promise<void> {
  process.once('disconnect', () => process.exit(1))
  const task = JSON.parse(process.env.BARE_LOOP ?? '') as BareLoopTask
  const session = await InferenceSession.create(task.graphPath, {
    executionProviders: [...task.providers],
    ...(task.threads === undefined ? {} : { intraOpNumThreads: task.threads }),
  })
  const images = await readFile(task.imagesFile)
  const durations: number[] = []
  for (let i = 0; i < task.warmUpRuns + task.runs; i++) {
    const begin = performance.now()
    await session.run({ [task.inputName]: new Tensor('uint8', images, [task.batchSize, ...task.shape]) })
    durations.push(performance.now() - begin)
  }
  process.send?.({ type: 'ready', durations: durations.slice(task.warmUpRuns) })
}

main().catch((error: unknown) => {
  process.stderr.write(`bare-loop: ${error instanceof Error ? error.message : error}\n`)
  process.exit(1)
})
