import type { ServerResponse } from 'node:http'
import type { Received } from '../../support/answering-server.ts'
import { cloudEndpoint } from '../../support/cloud-endpoint.ts'

export interface Reply {
  status: number
  body: unknown
}

/** The address of a cloud's APIs that answer like this. */
export async function apisThat(reply: (request: Received) => Reply): Promise<string> {
  const { url } = await cloudEndpoint(Date.now, (request, response) => send(response, reply(request)))
  return url
}

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** A cloud around a machine under test: who the machine is, its secret, and what it has told the cloud. Ends with the test. */
export interface FakeCloud {
  name: 'aws' | 'gcp'
  /** Where the machine's scripts find it. */
  variables: Record<string, string>
  /** Settings of the machine that are this cloud's. */
  settings: Record<string, string>
  /** An image in the cloud's own registry, which lets in who has logged in with `registryPassword`. */
  ownImage: string
  registryPassword: string
  /** What the cloud keeps secret; a test may change it. Undefined: there is no such secret. */
  secret: string | undefined
  /** Why the machine is not given the secret, if it is not. */
  refusal: { status: number; body: unknown } | undefined
  /** The machine is told that it is taken away. */
  takesAway: boolean
  /** Lines for the cloud's log. */
  reports: string[]
  /** Ends of the launch hook, as the group was told them. */
  launchHook: string[]
  /** What the group answers first to who completes its launch hook. */
  launchHookRefusals: Reply[]
  /** Credentials of the machine: nobody else may see them. */
  credentials: string[]
}

/** Nothing listens there. */
export const NOWHERE = 'http://127.0.0.1:1'
