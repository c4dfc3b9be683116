import type { Random } from './random.ts'

interface Machine {
  /** Second of its launch; what it costs is counted from then. */
  launchedAt: number
  servesFrom: number
}

export interface FleetOptions {
  /** From launch to the first job: the machine starts, pulls the image, loads and warms the model. */
  bootSeconds: number
  /** How much that varies by chance, as a share of it. */
  bootSpread: number
  /** What a machine costs on while it drains and is taken down. */
  goneSeconds: number
  random: Random
}

/** The machines of a simulation, in steps of a second. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #machines: Machine[] = []
  /** How many there are to be. */
  desired = 0
  /** What all machines together were there for, in seconds, whether they served or not. */
  machineSeconds = 0
  interrupted = 0

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Machines that serve, in order of their start. With a launch hook these are what the group counts. */
  serving(second: number): number {
    return this.#machines.filter(({ servesFrom }) => servesFrom <= second).length
  }

  /** Machines that do not serve yet, or do so for less than `warmupSeconds`. */
  starting(second: number, warmupSeconds = 0): number {
    return this.#machines.length - this.serving(second - warmupSeconds)
  }

  /** One second of the group's work: as many machines as are desired. `canLaunch`: whether the cloud has any. */
  step(second: number, canLaunch: boolean): void {
    while (this.#machines.length > this.desired) this.#remove(this.#machines.length - 1)
    while (canLaunch && this.#machines.length < this.desired) {
      const { bootSeconds, bootSpread, random } = this.#options
      const boot = Math.round(bootSeconds * (1 + bootSpread * (2 * random() - 1)))
      this.#machines.push({ launchedAt: second, servesFrom: second + boot })
    }
    this.machineSeconds += this.#machines.length
  }

  /** The cloud takes `share` of the machines back, rounded up. */
  interrupt(share: number): void {
    for (let left = Math.ceil(this.#machines.length * share); left > 0; left--) {
      this.interrupted++
      this.#remove(0)
    }
  }

  #remove(index: number): void {
    if (this.#machines.splice(index, 1).length > 0) this.machineSeconds += this.#options.goneSeconds
  }
}
