/** Where a request stands in its caller's trace: W3C Trace Context, level 2. */
export interface TraceParent {
  /** 32 and 16 lowercase hex digits, not all 0. */
  traceId: string
  spanId: string
  /** 0 to 255; bit 0: the caller records this trace. */
  flags: number
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Of a version to come, what version 00 has is read, as the specification asks. Undefined: not valid, hence to be ignored. */
export function parseTraceparent(header: string): TraceParent | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(header) ?? []
  if (!version || !traceId || !spanId || !flags) return undefined
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(flags, 16) }
}

/** As version 00: whoever passes on a version that it does not know, passes on what it understood. */
export function formatTraceparent({ traceId, spanId, flags }: TraceParent): string {
  return `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`
}
