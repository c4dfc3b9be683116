import type { Context } from 'hono'
import type { Caller } from './access.ts'
import { type AnswerFormat, formatOf } from './answer-format.ts'
import { type Answer, answerOne, answerPipeline, answerTransaction } from './command-answers.ts'
import { errorJson } from './json-answer.ts'
import { commandIn, commandsIn } from './json-commands.ts'
import { commandInTarget, splitTarget } from './path-command.ts'
import { readBody } from './request-body.ts'
import { headersOf } from './request-headers.ts'
import type { GatewayEnvironment } from './subscribe.ts'
import { nextSyncToken } from './sync-token.ts'
import type { TokenShares } from './token-shares.ts'
import type { UnreadAnswers } from './unread-answers.ts'

export interface RestLimits {
  /** Commands in one request. */
  maxPipeline: number
  /** Bytes of one request's answer. */
  maxAnswerBytes: number
}

/** What of a request may be told to others: no keys, no values. */
export interface ServedRequest {
  /** The token's name. */
  caller: string
  /** The commands' names, as the client wrote them: nobody has checked that there are such. */
  commands: readonly string[]
  /** Those of them that were answered with an error. */
  failed: readonly string[]
  /** From its headers to its answer. */
  seconds: number
  /** Of its body, and of its answer's. */
  bytesIn: number
  bytesOut: number
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT']

export class MethodNotAllowed extends Error {
  override readonly name = 'MethodNotAllowed'
  /** Those that are. */
  readonly allow = METHODS.join(', ')

  constructor() {
    super(`ERR method not allowed: ${METHODS.join(', ')}`)
  }
}

/** Answers requests that are commands: `/`, `/pipeline`, `/multi-exec`, and any other path as a command itself. */
export class RestCommands {
  readonly #limits: RestLimits
  readonly #bodies: TokenShares
  readonly #unread: UnreadAnswers
  readonly #onServed: ((request: ServedRequest) => void) | undefined

  /** `bodies`: bytes of all requests' bodies that are being read or run at once. */
  constructor(
    limits: RestLimits,
    bodies: TokenShares,
    unread: UnreadAnswers,
    onServed?: (request: ServedRequest) => void,
  ) {
    this.#limits = limits
    this.#bodies = bodies
    this.#unread = unread
    this.#onServed = onServed
  }

  /** Throws MethodNotAllowed, CommandError, BodyTooLarge, BodyTooSlow, BodyIncomplete or RedisAway. */
  async answer(c: Context<GatewayEnvironment>, caller: Caller): Promise<Response> {
    const request = c.req.raw
    const begin = performance.now()
    if (!METHODS.includes(request.method)) throw new MethodNotAllowed()
    const headers = headersOf(c.env.incoming)
    const format = formatOf(headers)
    const body = await readBody(request, headers, this.#bodies.of(caller.name))
    try {
      const answer = await this.#run(caller, targetOf(c), body.bytes, format)
      const content = contentOf(answer.body)
      const bytesOut = Buffer.byteLength(content)
      this.#unread.add(c.env.outgoing, bytesOut, caller.name)
      const seconds = (performance.now() - begin) / 1000
      this.#onServed?.({ ...served(caller, answer), seconds, bytesIn: body.bytes.length, bytesOut })
      return new Response(content, {
        status: answer.status,
        headers: {
          'content-type': typeof answer.body === 'string' ? JSON_TYPE : 'application/octet-stream',
          'upstash-sync-token': nextSyncToken(),
        },
      })
    } finally {
      body.release()
    }
  }

  #run(caller: Caller, target: string, body: Buffer, format: AnswerFormat): Promise<Answer> {
    const { maxPipeline, maxAnswerBytes } = this.#limits
    switch (splitTarget(target).path) {
      case '/':
        return answerOne(caller, commandIn(body), format, maxAnswerBytes)
      case '/pipeline': {
        const commands = commandsIn(body, 'pipeline request', maxPipeline)
        return answerPipeline(caller, commands, format, maxAnswerBytes)
      }
      case '/multi-exec': {
        const commands = commandsIn(body, 'multi-exec request', maxPipeline)
        return answerTransaction(caller, commands, format, maxAnswerBytes)
      }
      default:
        return answerOne(caller, commandInTarget(target, body), format, maxAnswerBytes)
    }
  }
}

const JSON_TYPE = 'application/json'

/** An answer that is nothing but an error. */
export function errorAnswer(status: number, error: string, headers: Record<string, string> = {}): Response {
  return new Response(errorJson(error), {
    status,
    headers: { ...headers, 'content-type': JSON_TYPE, 'upstash-sync-token': nextSyncToken() },
  })
}

/** As the client wrote it: a URL would resolve `..` and encode what was not. */
function targetOf(c: Context<GatewayEnvironment>): string {
  const written = c.env.incoming.url ?? ''
  return written.startsWith('/') ? written : new URL(c.req.url).href.slice(new URL(c.req.url).origin.length)
}

/** Characters. A long text would be kept beside its bytes until the client has read them. */
const LONG_TEXT = 16 * 1024

function contentOf(body: Answer['body']): Answer['body'] {
  return typeof body === 'string' && body.length >= LONG_TEXT ? Buffer.from(body) : body
}

function served(caller: Caller, answer: Answer): Pick<ServedRequest, 'caller' | 'commands' | 'failed'> {
  const commands = answer.commands.map(([name]) => name)
  return {
    caller: caller.name,
    commands,
    failed: answer.failed.map((index) => commands[index] as string),
  }
}
