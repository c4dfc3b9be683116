import type { Redis } from 'ioredis'

/** What is said on Redis' channels. */
export class Heard {
  /** By channel. */
  readonly messages = new Map<string, string[]>()
  readonly #awaited = new Map<string, () => void>()

  /** `listener` is used for nothing else. */
  static async on(listener: Redis): Promise<Heard> {
    const heard = new Heard()
    listener.on('pmessage', (_pattern: string, channel: string, message: string) =>
      heard.#hear(channel, message),
    )
    await listener.psubscribe('*')
    return heard
  }

  /** Resolves once something is said on `channel`: all that was said before is heard then. */
  until(channel: string): Promise<void> {
    return new Promise((resolve) => this.#awaited.set(channel, resolve))
  }

  #hear(channel: string, message: string): void {
    const awaited = this.#awaited.get(channel)
    if (awaited) {
      this.#awaited.delete(channel)
      awaited()
      return
    }
    const messages = this.messages.get(channel)
    if (messages) messages.push(message)
    else this.messages.set(channel, [message])
  }
}
