import { ConfigurationError, readConfiguration, reasonForPeople } from '../shared/read-configuration.ts'
import { type PoolEnv, poolEnvSchema } from './env.ts'
import { warmUp } from './inference/warm-up.ts'
import { asJson, asTable, exitCodeOf } from './machine/doctor/check.ts'
import type { ModelRun } from './machine/doctor/model-checks.ts'
import { runDoctor } from './machine/doctor/run-doctor.ts'
import { CONFIGURATION_EXIT_CODE } from './machine/supervisor.ts'
import type { ModelPackage } from './models/model-package.ts'
import { modelSelection } from './models/model-selection.ts'
import { readPackages } from './models/read-packages.ts'

/** Entry: says what a pool with this environment lacks on this machine. `--json`: for programs. */
async function main(): Promise<void> {
  // Before ONNX Runtime is loaded: it would send Microsoft what it runs.
  process.env.ORT_DISABLE_TELEMETRY ||= '1'
  const env = readConfiguration(poolEnvSchema, process.env)
  // As pools of GPUS have it: otherwise CUDA counts the fastest GPU first.
  if (env.GPUS !== undefined) process.env.CUDA_DEVICE_ORDER = 'PCI_BUS_ID'
  const selection = modelSelection(env)
  const checks = await runDoctor({
    ...env,
    modelFolder: selection.repository ?? selection.folders[0] ?? '.',
    loadModels: () => readPackages(selection),
    tryModel: (modelPackage, device) => tryModel(modelPackage, env, device ?? env.DEVICE_ID),
    variables: process.env,
  })
  process.stdout.write(process.argv.includes('--json') ? asJson(checks) : asTable(checks))
  process.exitCode = exitCodeOf(checks)
}

/** One grey image through ONNX Runtime. */
async function tryModel(
  modelPackage: ModelPackage,
  env: PoolEnv,
  deviceId: number | undefined,
): Promise<ModelRun> {
  // Not before ONNX Runtime is told to keep to itself.
  const { InferenceSession } = await import('./inference/inference-session.ts')
  const session = await InferenceSession.load(modelPackage, {
    providers: env.EXECUTION_PROVIDERS,
    intraOpThreads: env.INTRA_OP_THREADS,
    deviceId,
    strict: env.STRICT_PROVIDERS,
  })
  try {
    await warmUp(session, modelPackage.labels, [1])
    return session
  } finally {
    await session.close()
  }
}

main().catch((error: unknown) => {
  if (!(error instanceof ConfigurationError)) throw error
  process.stderr.write(`doctor: ${reasonForPeople(error)}\n`)
  process.exitCode = CONFIGURATION_EXIT_CODE
})
