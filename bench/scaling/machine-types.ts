/** A machine that clouds rent out. */
export interface MachineType {
  /** Dollars an hour on demand, as seen in November 2026. */
  price: number
  /**
   * Jobs a second: what NVIDIA publishes for ResNet-50 in INT8 on its GPU, which is more than a pool can reach. Not measured: --rate takes
   * what `npm run bench:pool` says of a model. Waits and shares hardly depend on it, since loads are in machines' worth.
   */
  rate: number
}

export const MACHINE_TYPES = {
  'g4dn.xlarge': { price: 0.526, rate: 6_112 },
  'g6.xlarge': { price: 0.805, rate: 13_158 },
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: a price, and no root of anything
  'g2-standard-4': { price: 0.707, rate: 13_158 },
} as const satisfies Record<string, MachineType>

export const CLOUDS = ['aws', 'gcp'] as const
export type Cloud = (typeof CLOUDS)[number]

export const DEFAULT_MACHINE: Record<Cloud, keyof typeof MACHINE_TYPES> = {
  aws: 'g6.xlarge',
  gcp: 'g2-standard-4',
}
