import type { Row } from '../report.ts'
import { AwsPolicy } from './aws-policy.ts'
import { GcpPolicy } from './gcp-policy.ts'
import type { LoadCurve } from './load-curves.ts'
import { type Cloud, DEFAULT_MACHINE, MACHINE_TYPES, type MachineType } from './machine-types.ts'
import type { ScalingNumbers } from './options.ts'
import { type SimulationResult, simulate } from './simulate.ts'

/** One load on one cloud, with one set of numbers. */
export interface ScalingCase {
  cloud: Cloud
  curve: LoadCurve
  numbers: ScalingNumbers
  machine?: keyof typeof MACHINE_TYPES | undefined
}

export function runCase({ cloud, curve, numbers, machine }: ScalingCase): SimulationResult {
  const sizes = { minSize: numbers['min-size'], maxSize: numbers['max-size'] }
  const target = { targetBacklogPerInstance: numbers.target }
  return simulate({
    curve,
    policy:
      cloud === 'aws'
        ? new AwsPolicy({ ...sizes, ...target })
        : new GcpPolicy({ ...sizes, ...target, stabilizationSeconds: numbers.stabilization }),
    rate: typeOf({ cloud, machine, numbers }).rate,
    bootSeconds: numbers.boot,
    maxBacklog: numbers.backlog,
    deadlineSeconds: numbers.deadline,
    keptWarmSeconds: numbers.warm,
    metricSeconds: numbers.metric,
    metricDelaySeconds: numbers.metric,
    warmupSeconds: cloud === 'aws' ? numbers.warmup : 0,
    initialMachines: sizes.minSize,
    seed: numbers.seed,
  })
}

/** What became of it, beside as many machines as its peak takes that are always there and serve every job. */
export function rowsOf(name: string, scalingCase: ScalingCase, result: SimulationResult): Row[] {
  const { served, refused, expired, machineHours, hours } = result
  const jobs = Math.max(1, served + refused + expired)
  const { price } = typeOf(scalingCase)
  const peak = Math.max(1, ...result.timeline.map(({ load }) => Math.ceil(load)))
  const costOf = (machineHours: number, served: number) =>
    (100 * machineHours * price * 1e6) / Math.max(1, served)
  const row = (metric: string, value: number, unit: string, reference: number | null = null): Row => ({
    ...{ case: name, metric, value, unit, reference },
    ratio: reference ? value / reference : null,
  })
  return [
    row('wait, p50', result.waitP50, 's'),
    row('wait, p95', result.waitP95, 's'),
    row('refused', (100 * refused) / jobs, '%'),
    row('expired', (100 * expired) / jobs, '%'),
    row('most machines', Math.max(...result.timeline.map(({ serving }) => serving)), '', peak),
    row('changes of size', result.changes, ''),
    row('machines', machineHours, 'hours', peak * hours),
    row('a million predictions', costOf(machineHours, served), 'cents', costOf(peak * hours, jobs)),
  ]
}

function typeOf({
  cloud,
  machine,
  numbers,
}: Pick<ScalingCase, 'cloud' | 'machine' | 'numbers'>): MachineType {
  const { rate, price } = MACHINE_TYPES[machine ?? DEFAULT_MACHINE[cloud]]
  return { rate: numbers.rate ?? rate, price: numbers.price ?? price }
}
