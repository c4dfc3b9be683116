import * as z from 'zod'
import { positiveInteger } from '../../shared/read-configuration.ts'
import { jsonFile, readArguments, UsageError } from '../arguments.ts'
import { LOAD_CURVES } from './load-curves.ts'
import { CLOUDS, MACHINE_TYPES } from './machine-types.ts'

const CURVES = LOAD_CURVES.map(({ name }) => name)
const MACHINES = Object.keys(MACHINE_TYPES)

export const HELP = `npm run simulate:scaling -- [options]

Replays loads through the autoscaling that the Terraform modules set up, second by second, and tells how long jobs wait,
how many are refused or expire, and what the machines cost, beside as many machines as the peak takes, always on.
Nothing is measured here: it is arithmetic over a model of AWS' and Google's policies (docs/scaling.md says what of).

  --cloud NAME        ${CLOUDS.join(' or ')} (default: both)
  --curve NAME        ${CURVES.join(', ')} (default: all); one alone is plotted
  --machine TYPE      ${MACHINES.join(', ')}: its price and rate
  --rate N            jobs a second of a machine   --price N   dollars an hour of one
  --target N          target_backlog_per_instance (default 80)
  --min-size N        (default 0)                  --max-size N       (default 4)
  --boot N            seconds from launch to the first job (default 240)
  --warm N            SCALE_TO_ZERO_AFTER_SECONDS (default 600)
  --warmup N          AWS: default_instance_warmup (default 120)
  --stabilization N   Google: stabilization_period (default 600)
  --metric N          seconds between two readings of the depth (default 60)
  --backlog N         MAX_BACKLOG (default 1000)
  --deadline N        JOB_DEADLINE_SECONDS (default 900)
  --seed N            (default 1)
  --sweep NAME=A,B    the same for each of these values of a number above
  --svg FILE          the last plot as a picture
  --json FILE         write the figures there as well
  --help              this text`

const count = z.coerce.number({ error: 'must be a whole number' }).int().min(0)
const amount = z.coerce.number({ error: 'must be a number' }).positive({ error: 'must be above 0' })
const oneOf = <T extends string>(names: readonly T[]) =>
  z.enum(names, { error: `must be ${names.join(', ')}` })

const numbers = {
  rate: amount.optional(),
  price: amount.optional(),
  target: amount.default(80),
  'min-size': count.default(0),
  'max-size': positiveInteger.default(4),
  boot: positiveInteger.default(240),
  warm: count.default(600),
  warmup: count.default(120),
  stabilization: positiveInteger.default(600),
  metric: positiveInteger.max(600).default(60),
  backlog: positiveInteger.default(1_000),
  deadline: positiveInteger.default(900),
  seed: count.default(1),
}
const numbersSchema = z.object(numbers)
export type ScalingNumbers = z.infer<typeof numbersSchema>

const optionsSchema = z.object({
  cloud: oneOf(CLOUDS).optional(),
  curve: oneOf(CURVES).optional(),
  machine: oneOf(MACHINES as (keyof typeof MACHINE_TYPES)[]).optional(),
  ...numbers,
  sweep: z
    .string()
    .regex(/^[a-z-]+=\d+(\.\d+)?(,\d+(\.\d+)?)*$/, { error: 'must be a name and its values: target=40,80' })
    .optional(),
  svg: z.string().min(1, { error: 'must name a file' }).optional(),
  json: jsonFile,
})

export interface ScalingOptions
  extends Pick<z.infer<typeof optionsSchema>, 'cloud' | 'curve' | 'machine' | 'svg' | 'json'> {
  /** One, or as many as are swept; `label` tells them apart. */
  variants: { label: string; numbers: ScalingNumbers }[]
}

/** Reads the command line; undefined if help is wanted. Throws UsageError. */
export async function readOptions(args: string[]): Promise<ScalingOptions | undefined> {
  const read = await readArguments(args, optionsSchema)
  if (!read) return undefined
  const { cloud, curve, machine, svg, json, sweep, ...given } = read
  const variants = sweep === undefined ? [{ label: '', numbers: given }] : swept(sweep, given)
  for (const { numbers } of variants)
    if (numbers['min-size'] > numbers['max-size'])
      throw new UsageError('--min-size must not be above --max-size')
  return { cloud, curve, machine, svg, json, variants }
}

function swept(sweep: string, given: ScalingNumbers): ScalingOptions['variants'] {
  const [name = '', values = ''] = sweep.split('=')
  if (!Object.hasOwn(numbers, name))
    throw new UsageError(`--sweep ${name}: must be one of ${Object.keys(numbers).join(', ')}`)
  return values.split(',').map((value) => {
    const parsed = numbersSchema.safeParse({ ...given, [name]: value })
    if (!parsed.success) throw new UsageError(`--sweep ${name}=${value}: ${parsed.error.issues[0]?.message}`)
    return { label: `${name} ${value}`, numbers: parsed.data }
  })
}
