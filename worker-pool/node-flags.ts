/**
 * Flags of Node for a pool's process. What passes through it is garbage at once (replies, base64 as text), and V8 lets the space for
 * young objects grow to tens of megabytes over thousands of jobs; kept small, memory stays what it was after the first.
 */
export const POOL_NODE_FLAGS = ['--max-semi-space-size=2']
