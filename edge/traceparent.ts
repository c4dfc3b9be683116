import { formatTraceparent, parseTraceparent } from '../shared/traceparent.ts'

/**
 * What the job takes along of its request's `traceparent` (W3C Trace Context): the caller's own span, since the edge makes none. One that is
 * not valid is ignored, as the specification asks, and none is made up: a trace that nobody began would help nobody.
 */
export function traceparentToPassOn(header: string | undefined): string | undefined {
  const parent = header === undefined ? undefined : parseTraceparent(header)
  return parent && formatTraceparent(parent)
}
